//! Gives a new mirror of a repository on this machine the objects that the repository has, as hard links: they cost no disk and no
//! time, and survive when the repository is cleaned up. Like `git clone --local`, but nothing outside the repository is read.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::adapters::git::clone::agent_head;
use crate::adapters::git::disk::{is_plain_folder, make_folder, remove, write_file};
use crate::adapters::git::runner::{Git, ask};
use crate::domain::ids::{BranchName, CommitSha};
use crate::ports::workspace::WorkspaceError;

use super::refs::{SHALLOW, common_folder};

/// The files of a pack, in the order in which they must appear.
const PACK_FILES: [&str; 3] = ["pack", "rev", "idx"];
/// The number of attempts: a pack may be replaced while packs are linked.
const ATTEMPTS: u32 = 3;

/// Links the objects of a repository into a new mirror, and writes its branches and tags to `packed-refs`; what cannot be linked
/// is fetched later. One spawn, or none if nothing can be linked.
pub(super) async fn borrow(git: &Git, repository: &Path, mirror: &Path) -> Result<(), WorkspaceError> {
    let Some(refs) = linked(repository, mirror) else { return unlink_all(mirror) };
    let packed = mirror.join("packed-refs");
    write_file(&packed, refs.as_bytes())?;
    let line = git.inside(mirror, mirror).arguments(["for-each-ref", "--format=%(objecttype)"]);
    let are_there = ask(line, "read the borrowed refs").await?.exit.is_success();
    if are_there {
        return Ok(());
    }
    remove(&packed)?;
    unlink_all(mirror)
}

/// Removes all links of a new mirror. The fetch that follows may receive the same pack, and git would then change the permissions
/// of the shared file.
fn unlink_all(mirror: &Path) -> Result<(), WorkspaceError> {
    let objects = mirror.join("objects");
    remove(&objects)?;
    make_folder(&objects.join("pack"))
}

/// Links objects, and returns the lines of `packed-refs`; `None` if the objects must be fetched.
fn linked(repository: &Path, mirror: &Path) -> Option<String> {
    let common = common_folder(repository)?;
    let objects = common.join("objects");
    let is_elsewhere = ["info/alternates", "info/http-alternates"].map(|name| objects.join(name));
    let is_unusual = [common.join(SHALLOW), common.join("reftable")];
    let is_there = |path: &PathBuf| fs::symlink_metadata(path).is_ok();
    if !is_plain_folder(&objects) || is_elsewhere.iter().chain(&is_unusual).any(is_there) {
        return None;
    }
    // Refs come first: what they reach is in the objects from now on.
    let refs = refs(&common)?;
    let to = mirror.join("objects");
    (0..ATTEMPTS).find_map(|_| link_all(&objects, &to).ok()).map(|()| refs)
}

fn refs(common: &Path) -> Option<String> {
    let mut lines = String::new();
    for (name, value) in agent_head::refs_below(common, &["refs/heads", "refs/tags"])? {
        let (kind, short) = match (name.strip_prefix("refs/heads/"), name.strip_prefix("refs/tags/")) {
            (Some(short), _) => ("refs/remotes/forge", short),
            (None, Some(short)) => ("refs/tags", short),
            (None, None) => continue,
        };
        // A lock file of git is no ref, and a symbolic ref is fetched.
        if short.parse::<BranchName>().is_ok() && value.parse::<CommitSha>().is_ok() {
            lines = lines + &value + " " + kind + "/" + short + "\n";
        }
    }
    Some(lines)
}

fn link_all(objects: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(objects)? {
        let entry = entry?;
        let (name, kind) = (entry.file_name(), entry.file_type()?);
        let name = name.to_str().unwrap_or_default();
        let is_loose = name.len() == 2 && name.bytes().all(|digit| digit.is_ascii_hexdigit());
        if is_loose || name == "pack" {
            if !kind.is_dir() {
                return Err(io::Error::other("a link to objects elsewhere"));
            }
            let files = files(&entry.path())?;
            // Of a partial repository, objects may be missing.
            if files.iter().any(|file| has_ending(file, "promisor")) {
                return Err(io::Error::other("a partial repository"));
            }
            let to = to.join(name);
            fs::create_dir_all(&to)?;
            if is_loose {
                link_those(&files, &to)?;
                continue;
            }
            for ending in PACK_FILES {
                link_those(files.iter().filter(|file| has_ending(file, ending)), &to)?;
            }
        }
    }
    Ok(())
}

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect()
}

fn has_ending(file: &Path, ending: &str) -> bool {
    file.extension().is_some_and(|extension| extension == ending)
}

fn link_those<'file>(files: impl IntoIterator<Item = &'file PathBuf>, to: &Path) -> io::Result<()> {
    for file in files {
        let link = to.join(file.file_name().unwrap_or_default());
        match fs::hard_link(file, &link) {
            Err(cause) if cause.kind() != io::ErrorKind::AlreadyExists => return Err(cause),
            Ok(()) | Err(_) => {}
        }
        // A symbolic link is linked as such: what is linked is checked, so that nobody can replace it before.
        if !fs::symlink_metadata(&link)?.is_file() {
            fs::remove_file(&link)?;
            return Err(io::Error::other("a link to objects elsewhere"));
        }
    }
    Ok(())
}
