//! A folder of ours in a coder's clone: empty before a turn, ignored by the agent's git, and never in a commit.

use std::path::{Path, PathBuf};

use crate::adapters::git::disk::{is_plain_folder, remove, write_file};
use crate::adapters::git::mirror::Mirror;
use crate::adapters::git::runner::must;
use crate::domain::agent_memory::CheckoutFolder;
use crate::domain::ids::CommitSha;
use crate::ports::workspace::WorkspaceError;

use super::paths::ClonePaths;

/// Removes the folder of an earlier turn, and any link that an agent put in its place. Files of the repository are restored
/// when the commit is checked out.
pub(crate) fn clear(paths: &ClonePaths) -> Result<(), WorkspaceError> {
    let Some(folder) = &paths.checkout_folder else { return Ok(()) };
    if !is_plain_folder(&paths.checkout.tree) {
        return Ok(());
    }
    for path in way(&paths.checkout.tree, folder) {
        if !is_plain_folder(&path) {
            return remove(&path);
        }
    }
    remove(&path_in(&paths.checkout.tree, folder))
}

/// Refuses a folder that the repository contains, and makes the agent's git ignore ours.
pub(crate) fn hide(paths: &ClonePaths, commit: &CommitSha) -> Result<(), WorkspaceError> {
    let Some(folder) = &paths.checkout_folder else { return Ok(()) };
    let path = path_in(&paths.checkout.tree, folder);
    let blocked =
        way(&paths.checkout.tree, folder).into_iter().any(|path| exists(&path) && !is_plain_folder(&path));
    if blocked || exists(&path) {
        return Err(WorkspaceError::NotFound(format!(
            "`{folder}` cannot contain the agent memory: the repository has a file or folder with that name at {}; \
             choose another one with --agent-memory-dir",
            commit.short()
        )));
    }
    write_file(&paths.checkout.git.join("info/exclude"), format!("/{folder}/\n").as_bytes())
}

/// Returns whether a commit of the agent between two commits touched the folder. One spawn.
pub(crate) async fn was_committed(
    mirror: &Mirror,
    folder: &CheckoutFolder,
    from: &CommitSha,
    to: &CommitSha,
) -> Result<bool, WorkspaceError> {
    let line = mirror
        .line()
        .arguments(["rev-list", "--full-history", "--max-count=1"])
        .argument(format!("{from}..{to}"))
        .argument("--")
        .argument(format!(":(top,literal){folder}"));
    Ok(!must(line, "look through the agent's commits").await?.is_empty())
}

fn path_in(tree: &Path, folder: &CheckoutFolder) -> PathBuf {
    folder.parts().fold(tree.to_path_buf(), |path, part| path.join(part))
}

/// Returns the parents of the folder, from the top.
fn way(tree: &Path, folder: &CheckoutFolder) -> Vec<PathBuf> {
    let path = path_in(tree, folder);
    let mut way: Vec<PathBuf> =
        path.ancestors().skip(1).take_while(|above| *above != tree).map(Path::to_path_buf).collect();
    way.reverse();
    way
}

fn exists(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok()
}
