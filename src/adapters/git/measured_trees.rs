//! Trees of commits for gates that measure files without a clone: lists, exports, and facts about a change. The exports have
//! no git folder, and no path in an attribute or a link is read.

use std::path::Path;

use crate::adapters::process::variables::Variables;
use crate::domain::ids::{CommitSha, TreeSha};
use crate::ports::workspace::WorkspaceError;

use super::disk::make_folder;
use super::identity::Identity;
use super::mirror::Mirror;
use super::mirror::raw_diff::{self, RawDiff};
use super::runner::{Git, fields, must};

/// The trees of the commits in the mirror.
#[derive(Debug)]
pub struct MeasuredTrees {
    mirror: Mirror,
}

/// A file of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeEntry {
    pub path: String,
    /// The mode and the id of the content.
    pub content: String,
}

impl MeasuredTrees {
    /// Returns the trees of a mirror that exists.
    pub fn new(variables: &Variables, mirror: &Path) -> Self {
        // Nothing is committed here.
        let identity = Identity { name: "agent-loop".to_owned(), email: String::new() };
        Self { mirror: Mirror::new(Git::new(variables, identity), mirror.to_owned(), None) }
    }

    /// Returns the tree of a commit. One spawn.
    pub async fn tree(&self, commit: &CommitSha) -> Result<TreeSha, WorkspaceError> {
        self.mirror.tree(commit).await
    }

    /// Returns all files of a commit, also links and submodules. One spawn.
    pub async fn entries(&self, commit: &CommitSha) -> Result<Vec<TreeEntry>, WorkspaceError> {
        let what = format!("list the files of {}", commit.short());
        let line = self.mirror.line().arguments(["ls-tree", "-r", "-z", "--full-tree", commit.as_str()]);
        let output = must(line, &what).await?;
        let entry = |field: &[u8]| {
            let field = String::from_utf8_lossy(field);
            let (content, path) = field.split_once('\t')?;
            Some(TreeEntry { path: path.to_owned(), content: content.to_owned() })
        };
        Ok(fields(&output).filter_map(entry).collect())
    }

    /// Writes the files of a commit to an empty folder; links become plain files. Two spawns.
    pub async fn export(
        &self,
        commit: &CommitSha,
        folder: &Path,
        index: &Path,
    ) -> Result<(), WorkspaceError> {
        let what = format!("export {} to {}", commit.short(), folder.display());
        make_folder(folder)?;
        let line = || self.mirror.line_on(folder, index).arguments(["-c", "core.symlinks=false"]);
        must(line().arguments(["read-tree", commit.as_str()]), &what).await?;
        must(line().arguments(["checkout-index", "--all", "--force", "--quiet"]), &what).await.map(drop)
    }

    /// Returns the content of a file of a commit. One spawn.
    pub async fn content(&self, commit: &CommitSha, path: &str) -> Result<Vec<u8>, WorkspaceError> {
        let line = self.mirror.line().arguments(["cat-file", "blob"]).argument(format!("{commit}:{path}"));
        must(line, "read a file of a commit").await
    }

    /// Returns the changed files and their changed lines. git writes them to a file on the disk of `diffs`. One spawn, or none if
    /// the workspace has just compared these commits.
    pub async fn diff(
        &self,
        base: &CommitSha,
        head: &CommitSha,
        diffs: &Path,
        file: &Path,
    ) -> Result<RawDiff, WorkspaceError> {
        raw_diff::taken(&self.mirror, diffs, base, head, file).await
    }
}
