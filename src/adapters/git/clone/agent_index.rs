//! What differs between the index that an agent left and a tree. Its times and flags are its own business.

use crate::adapters::git::disk::{read_file, read_foreign};
use crate::adapters::git::runner::ask;
use crate::adapters::process::command::CommandLine;
use crate::ports::workspace::WorkspaceError;

use super::paths::ClonePaths;

const INDEX_BYTES: u64 = 1024 * 1024 * 1024;

/// The paths that differ, each followed by NUL; absent, if the index can't be read. `git` runs on a git folder of ours. No
/// spawn if the index is ours to the byte, else one.
pub(crate) async fn differences(
    git: CommandLine,
    paths: &ClonePaths,
    filter: Option<&str>,
    tree: &str,
) -> Result<Option<Vec<u8>>, WorkspaceError> {
    let theirs = paths.checkout.git.join("index");
    let Some(bytes) = read_foreign(&theirs, INDEX_BYTES) else { return Ok(None) };
    if read_file(&paths.index())?.is_some_and(|ours| ours == bytes) {
        return Ok(Some(Vec::new()));
    }
    let compare = ["diff-index", "--cached", "--name-only", "-z"];
    let line = git.variable("GIT_INDEX_FILE", &theirs).arguments(compare).arguments(filter).argument(tree);
    let captured = ask(line, "read the agent's index").await?;
    Ok(captured.exit.is_success().then_some(captured.stdout))
}
