//! Reads HEAD and refs from an agent's git folder without git. Runs nothing, trusts nothing.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::adapters::git::disk::{is_plain_folder, read_at_most};
use crate::domain::ids::CommitSha;

const REF_BYTES: u64 = 4096;
const PACKED_BYTES: u64 = 64 * 1024 * 1024;
/// The maximum number of loose refs, each of which is a file: an agent that leaves more did not make them with git.
const MOST_LOOSE: usize = 50_000;
/// The maximum depth of folders below `refs`. The name of a branch has at most 244 bytes, so 122 folders; real names have
/// few.
const MOST_DEPTH: usize = 128;
/// The maximum length of a chain of symbolic refs: a longer one is a circle.
const SYMBOLIC_STEPS: usize = 5;

/// Returns the content of HEAD, if it is a regular file.
pub(crate) fn raw_head(git_folder: &Path) -> Option<String> {
    if !is_plain_folder(git_folder) {
        return None;
    }
    text(&git_folder.join("HEAD"), REF_BYTES)
}

/// Returns the commit of HEAD, with the refs in the folder that linked checkouts share; `None` if it does not exist or is
/// invalid.
pub(crate) fn head(git_folder: &Path, common: &Path) -> Option<CommitSha> {
    let mut value = raw_head(git_folder)?;
    for _ in 0..SYMBOLIC_STEPS {
        match value.strip_prefix("ref:").map(str::trim) {
            None => return value.trim().parse().ok(),
            Some(name) => value = refs(common)?.get(name)?.clone(),
        }
    }
    None
}

/// The remaining limits for a folder of refs.
struct Room {
    refs: usize,
    depth: usize,
}

/// Returns every ref with its raw value; `None` if one is invalid, or a limit is exceeded.
pub(crate) fn refs(git_folder: &Path) -> Option<BTreeMap<String, String>> {
    refs_below(git_folder, &["refs"])
}

/// Returns every ref in these folders, such as `refs/tags`, with its raw value; `None` if one is invalid, or a limit is
/// exceeded.
pub(crate) fn refs_below(git_folder: &Path, folders: &[&str]) -> Option<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    let packed = git_folder.join("packed-refs");
    if fs::symlink_metadata(&packed).is_ok() {
        let is_wanted = |name: &str| folders.iter().any(|folder| Path::new(name).starts_with(folder));
        for line in text(&packed, PACKED_BYTES)?.lines() {
            if let Some((sha, name)) = line.split_once(' ').filter(|_| !line.starts_with(['#', '^']))
                && is_wanted(name)
            {
                found.insert(name.to_owned(), sha.to_owned());
            }
        }
    }
    for name in folders {
        let folder = git_folder.join(name);
        if fs::symlink_metadata(&folder).is_ok() {
            let mut room = Room { refs: MOST_LOOSE, depth: MOST_DEPTH };
            collect(&folder, name, &mut room, &mut found)?;
        }
    }
    Some(found)
}

fn collect(folder: &Path, prefix: &str, room: &mut Room, found: &mut BTreeMap<String, String>) -> Option<()> {
    if !is_plain_folder(folder) {
        return None;
    }
    room.depth = room.depth.checked_sub(1)?;
    for entry in fs::read_dir(folder).ok()? {
        let entry = entry.ok()?;
        let name = format!("{prefix}/{}", entry.file_name().to_str()?);
        if entry.file_type().ok()?.is_dir() {
            collect(&entry.path(), &name, room, found)?;
        } else {
            room.refs = room.refs.checked_sub(1)?;
            found.insert(name, text(&entry.path(), REF_BYTES)?.trim_end().to_owned());
        }
    }
    room.depth = room.depth.saturating_add(1);
    Some(())
}

fn text(path: &Path, most: u64) -> Option<String> {
    read_at_most(path, most).and_then(|bytes| String::from_utf8(bytes).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "0123456789012345678901234567890123456789\n";

    fn with_ref(name: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, COMMIT).unwrap();
        folder
    }

    #[test]
    fn excessive_refs_are_refused() {
        assert_eq!(refs(with_ref("refs/heads/a/b").path()).unwrap().len(), 1);
        let deep = with_ref(&format!("refs/heads/{}end", "a/".repeat(MOST_DEPTH)));
        assert_eq!(refs(deep.path()), None);
        let many = with_ref("refs/heads/main");
        for number in 0..4 {
            fs::write(many.path().join(format!("refs/heads/{number}")), COMMIT).unwrap();
        }
        let count = |most| {
            collect(
                &many.path().join("refs"),
                "refs",
                &mut Room { refs: most, depth: MOST_DEPTH },
                &mut BTreeMap::new(),
            )
        };
        assert_eq!((count(5), count(4)), (Some(()), None));
    }
}
