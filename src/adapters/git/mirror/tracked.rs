//! The files of a commit in the mirror: names and sizes, some contents, differences from another commit.

use std::collections::BTreeMap;

use crate::adapters::git::runner::{ask, fields, must};
use crate::domain::ids::CommitSha;
use crate::ports::workspace::WorkspaceError;

use super::Mirror;

/// A regular file of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackedFile {
    /// The path; invalid UTF-8 in it is replaced.
    pub path: String,
    pub blob: String,
    pub bytes: u64,
}

/// Lists the regular files of a commit, without links and submodules. One spawn.
pub(crate) async fn files(mirror: &Mirror, commit: &CommitSha) -> Result<Vec<TrackedFile>, WorkspaceError> {
    let what = format!("list the files of {}", commit.short());
    let line = mirror.line().arguments(["ls-tree", "-r", "-z", "--long", "--full-tree", commit.as_str()]);
    let output = must(line, &what).await?;
    Ok(fields(&output).filter_map(entry).collect())
}

/// Parses `mode type id size<TAB>path`.
fn entry(field: &[u8]) -> Option<TrackedFile> {
    let tab = field.iter().position(|byte| *byte == b'\t')?;
    let (facts, path) = field.split_at_checked(tab)?;
    let facts = String::from_utf8_lossy(facts);
    let mut words = facts.split_whitespace();
    let (mode, _, blob, bytes) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let path = String::from_utf8_lossy(path.strip_prefix(b"\t")?).into_owned();
    matches!(mode, "100644" | "100755").then(|| TrackedFile {
        path,
        blob: blob.to_owned(),
        bytes: bytes.parse().unwrap_or_default(),
    })
}

/// Returns the contents of files by path. A binary or missing file is left out. One spawn.
pub(crate) async fn texts(
    mirror: &Mirror,
    files: &[&TrackedFile],
) -> Result<BTreeMap<String, String>, WorkspaceError> {
    if files.is_empty() {
        return Ok(BTreeMap::new());
    }
    let asked: Vec<&str> = files.iter().flat_map(|file| [file.blob.as_str(), "\n"]).collect();
    let line = mirror.line().arguments(["cat-file", "--batch", "--buffer"]).input(asked.concat());
    let output = must(line, "read files of a commit").await?;
    let mut texts = BTreeMap::new();
    let mut rest = output.as_slice();
    for file in files {
        let Some((content, after)) = content(rest) else { break };
        rest = after;
        if let Some(content) = content.filter(|content| !content.contains(&0)) {
            texts.insert(file.path.clone(), String::from_utf8_lossy(content).into_owned());
        }
    }
    Ok(texts)
}

/// Returns the first content of a batch, `None` if git has none, and the rest of the batch.
fn content(output: &[u8]) -> Option<(Option<&[u8]>, &[u8])> {
    let end = output.iter().position(|byte| *byte == b'\n')?;
    let (header, rest) = output.split_at_checked(end)?;
    let rest = rest.strip_prefix(b"\n")?;
    let header = String::from_utf8_lossy(header);
    let mut words = header.split(' ');
    match (words.next(), words.next(), words.next()) {
        (Some(_), Some("blob"), Some(bytes)) => {
            let (content, after) = rest.split_at_checked(bytes.parse().ok()?)?;
            Some((Some(content), after.strip_prefix(b"\n")?))
        }
        _ => Some((None, rest)),
    }
}

/// Returns the files that differ between two commits; `None` if they cannot be compared. One spawn.
pub(crate) async fn changed(
    mirror: &Mirror,
    from: &CommitSha,
    to: &CommitSha,
) -> Result<Option<Vec<String>>, WorkspaceError> {
    let line = mirror.line().arguments(["diff-tree", "-r", "-z", "--no-renames", "--name-only"]).arguments([
        from.as_str(),
        to.as_str(),
        "--",
    ]);
    let captured = ask(line, "compare two commits").await?;
    let paths = || fields(&captured.stdout).map(|path| String::from_utf8_lossy(path).into_owned()).collect();
    Ok(captured.exit.is_success().then(paths))
}
