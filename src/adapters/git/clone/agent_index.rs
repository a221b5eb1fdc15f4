//! Compares the index of an agent with a tree. Its times and flags are ignored.

use std::fs;

use crate::adapters::git::disk::{read_at_most, read_file};
use crate::adapters::git::runner::{ask, fields, os};
use crate::adapters::process::command::CommandLine;
use crate::ports::workspace::WorkspaceError;

use super::paths::ClonePaths;

const INDEX_BYTES: u64 = 1024 * 1024 * 1024;

/// Returns the first file that a sparse checkout leaves out. No spawn if the index is identical to ours, else one.
pub(crate) async fn left_out(git: CommandLine, paths: &ClonePaths) -> Result<Option<String>, WorkspaceError> {
    let theirs = paths.checkout.git.join("index");
    if read_at_most(&theirs, INDEX_BYTES) == read_file(&paths.index())? {
        return Ok(None);
    }
    let line = git.variable("GIT_INDEX_FILE", &theirs).arguments(["ls-files", "-t", "-z"]);
    let listed = ask(line, "read the agent's index").await?;
    let skipped = fields(&listed.stdout).filter_map(|field| field.strip_prefix(b"S "));
    let mut gone = skipped.filter(|path| fs::symlink_metadata(paths.checkout.tree.join(os(path))).is_err());
    Ok(gone.next().map(|path| String::from_utf8_lossy(path).into_owned()))
}

/// Returns the paths that differ, each followed by NUL; `None` if the index cannot be read. `git` uses a git folder of ours.
/// No spawn if the index is identical to ours, else one.
pub(crate) async fn differences(
    git: CommandLine,
    paths: &ClonePaths,
    filter: Option<&str>,
    tree: &str,
) -> Result<Option<Vec<u8>>, WorkspaceError> {
    let theirs = paths.checkout.git.join("index");
    let Some(bytes) = read_at_most(&theirs, INDEX_BYTES) else { return Ok(None) };
    if read_file(&paths.index())?.is_some_and(|ours| ours == bytes) {
        return Ok(Some(Vec::new()));
    }
    let compare = ["diff-index", "--cached", "--name-only", "-z"];
    let line = git.variable("GIT_INDEX_FILE", &theirs).arguments(compare).arguments(filter).argument(tree);
    let captured = ask(line, "read the agent's index").await?;
    Ok(captured.exit.is_success().then_some(captured.stdout))
}
