//! Reads the tip of a branch from git's own files, without starting git. In other cases git must be asked.

use std::io;
use std::path::{Path, PathBuf};

use crate::adapters::files::read_bounded;
use crate::domain::ids::{BranchName, CommitSha};

/// The maximum size of a file with a ref or a path.
const LINE_BYTES: u64 = 16 * 1024;
/// The maximum size of `packed-refs`.
const PACKED_BYTES: u64 = 256 * 1024 * 1024;

/// The file with the commits at which the history of a shallow repository begins.
pub(crate) const SHALLOW: &str = "shallow";

/// The result of reading the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tip {
    At(CommitSha),
    Absent,
    /// Only git knows: another format, a symbolic branch, a disk error.
    AskGit,
}

/// Returns the tip of a branch of a repository, given a checkout or its git folder.
pub fn tip(repository: &Path, branch: &BranchName) -> Tip {
    let Some(common) = common_folder(repository) else { return Tip::AskGit };
    if common.join("reftable").exists() {
        return Tip::AskGit;
    }
    let name = format!("refs/heads/{branch}");
    // git renames a new loose ref into place, and removes it only after the packed one exists: this order finds one of them.
    match read(&common.join(&name), LINE_BYTES) {
        Ok(Some(text)) => text.trim_end().parse().map_or(Tip::AskGit, Tip::At),
        Ok(None) => match read(&common.join("packed-refs"), PACKED_BYTES) {
            Ok(packed) => packed.map_or(Tip::Absent, |packed| find(&packed, &name)),
            Err(_) => Tip::AskGit,
        },
        Err(_) => Tip::AskGit,
    }
}

/// Returns whether git's files show that a branch is checked out nowhere. False may also mean that only git knows.
pub(crate) fn is_checked_out_nowhere(repository: &Path, branch: &BranchName) -> bool {
    let Some(common) = common_folder(repository) else { return false };
    let linked = match common.join("worktrees").read_dir() {
        Ok(entries) => entries.collect::<Result<Vec<_>, _>>(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    };
    let Ok(linked) = linked else { return false };
    let heads = linked.iter().map(|entry| entry.path().join("HEAD"));
    !common.join("reftable").exists()
        && std::iter::once(common.join("HEAD")).chain(heads).all(|head| is_elsewhere(&common, &head, branch))
}

/// Returns whether a HEAD is certainly not on a branch: on no branch, or on another one that is not symbolic.
fn is_elsewhere(common: &Path, head: &Path, branch: &BranchName) -> bool {
    let Ok(Some(text)) = read(head, LINE_BYTES) else { return false };
    let text = text.trim_end();
    let Some(name) = text.strip_prefix("ref: ") else { return text.parse::<CommitSha>().is_ok() };
    let is_symbolic = |text: Option<String>| text.is_some_and(|text| text.starts_with("ref:"));
    name != format!("refs/heads/{branch}")
        && read(&common.join(name), LINE_BYTES).is_ok_and(|text| !is_symbolic(text))
}

fn find(packed: &str, name: &str) -> Tip {
    let sha = packed.lines().find_map(|line| {
        let (sha, found) = line.split_once(' ')?;
        (found == name).then_some(sha)
    });
    sha.map_or(Tip::Absent, |sha| sha.parse().map_or(Tip::AskGit, Tip::At))
}

/// Returns the folder with the branches, according to git's files: of a checkout, a linked one, or a bare repository.
pub(crate) fn common_folder(repository: &Path) -> Option<PathBuf> {
    let dot = repository.join(".git");
    if dot.is_dir() {
        return Some(dot);
    }
    if !dot.exists() {
        return (repository.join("HEAD").exists() && repository.join("objects").is_dir())
            .then(|| repository.to_owned());
    }
    let text = read(&dot, LINE_BYTES).ok()??;
    let own = repository.join(text.strip_prefix("gitdir: ")?.trim_end_matches('\n'));
    let common = read(&own.join("commondir"), LINE_BYTES).ok()?;
    Some(common.map_or_else(|| own.clone(), |common| own.join(common.trim_end_matches('\n'))))
}

/// Returns the text of a regular file of limited size; empty if it does not exist. An agent may have replaced it.
fn read(path: &Path, most: u64) -> io::Result<Option<String>> {
    match read_bounded(path, most) {
        Ok(bytes) if u64::try_from(bytes.len()).is_ok_and(|length| length <= most) => {
            String::from_utf8(bytes).map(Some).map_err(|_| io::ErrorKind::InvalidData.into())
        }
        Ok(_) => Err(io::ErrorKind::FileTooLarge.into()),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(None)
        }
        // A branch `a/b` makes a folder of `a`.
        Err(error) if error.kind() == io::ErrorKind::IsADirectory => Ok(None),
        Err(error) => Err(error),
    }
}
