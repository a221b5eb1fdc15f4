//! Submodules in an agent's clone: their commits, and whether others can get these commits.

use std::collections::BTreeSet;
use std::path::Path;

use crate::adapters::git::checkout_paths::CheckoutPaths;
use crate::adapters::git::disk::{is_plain_folder, read_at_most, remove, write_file};
use crate::adapters::git::mirror::Mirror;
use crate::adapters::git::runner::{ask, os};
use crate::adapters::git::workplace::Workplace;
use crate::domain::ids::CommitSha;
use crate::ports::workspace::WorkspaceError;

use super::agent_head;
use super::git_folder::{format_config, skeleton};
use super::objects::check_objects;

/// The maximum size of `.gitmodules`.
const DECLARATION_BYTES: u64 = 1024 * 1024;

/// Returns the paths of submodules according to `.gitmodules`.
pub(super) fn declared(tree: &Path) -> BTreeSet<Vec<u8>> {
    let text = read_at_most(&tree.join(".gitmodules"), DECLARATION_BYTES).unwrap_or_default();
    let path = |line: &[u8]| {
        let line = String::from_utf8_lossy(line).into_owned();
        let (key, value) = line.split_once('=')?;
        (key.trim() == "path").then(|| value.trim().trim_matches('"').as_bytes().to_vec())
    };
    text.split(|byte| *byte == b'\n').filter_map(path).collect()
}

/// A submodule that is checked out.
#[derive(Debug)]
pub(super) struct Submodule(CheckoutPaths);

impl Submodule {
    /// Returns the repository at a path, if there is one.
    pub(super) fn at(tree: &Path, path: &[u8]) -> Option<Self> {
        let folder = tree.join(os(path));
        let is_repository = is_plain_folder(&folder) && folder.join(".git").symlink_metadata().is_ok();
        is_repository.then(|| CheckoutPaths::find(&folder)).flatten().map(Self)
    }

    /// Returns the commit of the submodule, which must be in the history of its remote.
    pub(super) async fn published(
        &self,
        mirror: &Mirror,
        workplace: &Workplace,
        path: &[u8],
    ) -> Result<CommitSha, WorkspaceError> {
        if let Some(head) = agent_head::head(&self.0.git, &self.0.common)
            && self.is_published(mirror, workplace, &head).await?
        {
            return Ok(head);
        }
        Err(WorkspaceError::Git(format!(
            "the submodule {} was moved to a commit that only the clone has; push it where it belongs, and restore the \
             submodule in {}",
            String::from_utf8_lossy(path),
            workplace.paths().checkout.tree.display()
        )))
    }

    /// Searches the history of the remote's refs, read through a git folder of ours. No spawn or one.
    async fn is_published(
        &self,
        mirror: &Mirror,
        workplace: &Workplace,
        head: &CommitSha,
    ) -> Result<bool, WorkspaceError> {
        let refs = agent_head::refs(&self.0.common).unwrap_or_default();
        let of_remote = refs.iter().filter(|(name, _)| name.starts_with("refs/remotes/"));
        let tips: Vec<CommitSha> = of_remote.filter_map(|(_, value)| value.parse().ok()).collect();
        let objects = self.0.common.join("objects");
        if tips.contains(head) || tips.is_empty() || check_objects(&objects).is_err() {
            return Ok(tips.contains(head));
        }
        let git = workplace.paths().export_gitdir();
        remove(&git)?;
        skeleton(&git, mirror.path(), Some(&objects))?;
        write_file(&git.join("config"), format_config(head).as_bytes())?;
        write_file(&git.join("HEAD"), format!("{head}\n").as_bytes())?;
        let without: Vec<String> = tips.iter().map(|tip| format!("^{tip}\n")).collect();
        let line = mirror.git().inside(&git, &workplace.paths().folder);
        let line = line
            .arguments(["rev-list", "--max-count=1", "--stdin"])
            .input(format!("{head}\n{}", without.concat()));
        let captured = ask(line, "look for the commit of a submodule").await?;
        Ok(captured.exit.is_success() && captured.stdout.is_empty())
    }
}
