//! Reads HEAD and refs out of an agent's git folder with our own eyes. Runs nothing, trusts nothing.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::adapters::git::disk::{is_plain_folder, read_foreign};
use crate::domain::ids::CommitSha;

const REF_BYTES: u64 = 4096;
const PACKED_BYTES: u64 = 64 * 1024 * 1024;
/// A chain of symbolic refs that is longer than this is a circle.
const SYMBOLIC_STEPS: usize = 5;

/// The raw HEAD file, if it is a plain one.
pub(in crate::adapters::git) fn raw_head(git_folder: &Path) -> Option<String> {
    if !is_plain_folder(git_folder) {
        return None;
    }
    text(&git_folder.join("HEAD"), REF_BYTES)
}

/// The commit that HEAD stands for, with the refs of the folder that linked checkouts have in common; nothing if there is none or anything is odd.
pub(in crate::adapters::git) fn head(git_folder: &Path, common: &Path) -> Option<CommitSha> {
    let mut value = raw_head(git_folder)?;
    for _ in 0..SYMBOLIC_STEPS {
        match value.strip_prefix("ref:").map(str::trim) {
            None => return value.trim().parse().ok(),
            Some(name) => value = refs(common)?.get(name)?.clone(),
        }
    }
    None
}

/// Every ref with its raw value; nothing if anything is odd.
pub(in crate::adapters::git) fn refs(git_folder: &Path) -> Option<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    let packed = git_folder.join("packed-refs");
    if fs::symlink_metadata(&packed).is_ok() {
        for line in text(&packed, PACKED_BYTES)?.lines() {
            if let Some((sha, name)) = line.split_once(' ').filter(|_| !line.starts_with(['#', '^'])) {
                found.insert(name.to_owned(), sha.to_owned());
            }
        }
    }
    let folder = git_folder.join("refs");
    if fs::symlink_metadata(&folder).is_ok() {
        collect(&folder, "refs", &mut found)?;
    }
    Some(found)
}

fn collect(folder: &Path, prefix: &str, found: &mut BTreeMap<String, String>) -> Option<()> {
    if !is_plain_folder(folder) {
        return None;
    }
    for entry in fs::read_dir(folder).ok()? {
        let entry = entry.ok()?;
        let name = format!("{prefix}/{}", entry.file_name().to_str()?);
        if entry.file_type().ok()?.is_dir() {
            collect(&entry.path(), &name, found)?;
        } else {
            found.insert(name, text(&entry.path(), REF_BYTES)?.trim_end().to_owned());
        }
    }
    Some(())
}

fn text(path: &Path, most: u64) -> Option<String> {
    read_foreign(path, most).and_then(|bytes| String::from_utf8(bytes).ok())
}
