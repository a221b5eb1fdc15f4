//! Trees of commits for gates that measure files without a clone: lists, exports, and facts about a change. The exports have
//! no git folder, and no path in an attribute or a link is read.

use std::path::Path;

use crate::adapters::process::variables::Variables;
use crate::domain::ids::{CommitSha, TreeSha};
use crate::ports::workspace::WorkspaceError;

use super::disk::make_folder;
use super::identity::Identity;
use super::mirror::Mirror;
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

/// A changed file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawChange {
    /// The mode on the base, `000000` for a new file.
    pub old_mode: String,
    /// The mode on the head, `000000` for a deleted file.
    pub new_mode: String,
    /// The path on the head, or that of the deleted file; invalid UTF-8 is replaced.
    pub path: String,
    pub is_utf8: bool,
    pub renamed_from: Option<String>,
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

    /// Returns the changed files, in the order of the diff. One spawn.
    pub async fn changed_entries(
        &self,
        base: &CommitSha,
        head: &CommitSha,
    ) -> Result<Vec<RawChange>, WorkspaceError> {
        let line = self.mirror.line().arguments(["diff-tree", "-r", "-z", "-M", "--raw", "--no-abbrev"]);
        let output =
            must(line.arguments([base.as_str(), head.as_str(), "--"]), &comparing(base, head)).await?;
        let mut fields = fields(&output);
        let mut entries = Vec::new();
        while let (Some(facts), Some(first)) = (fields.next(), fields.next()) {
            let facts = String::from_utf8_lossy(facts);
            let words: Vec<&str> = facts.trim_start_matches(':').split(' ').collect();
            let [old_mode, new_mode, _, _, status] = words.as_slice() else { break };
            let second = if status.starts_with('R') { fields.next() } else { None };
            let path = second.unwrap_or(first);
            entries.push(RawChange {
                old_mode: (*old_mode).to_owned(),
                new_mode: (*new_mode).to_owned(),
                path: String::from_utf8_lossy(path).into_owned(),
                is_utf8: std::str::from_utf8(path).is_ok(),
                renamed_from: second.map(|_| String::from_utf8_lossy(first).into_owned()),
            });
        }
        Ok(entries)
    }

    /// Writes the changed lines to an existing file, as a diff without context. No attribute and no NUL byte hides a line. One
    /// spawn.
    pub async fn write_diff(
        &self,
        base: &CommitSha,
        head: &CommitSha,
        file: &Path,
    ) -> Result<(), WorkspaceError> {
        let mut output = std::ffi::OsString::from("--output=");
        output.push(file);
        let line = self
            .mirror
            .line()
            .arguments([
                "diff-tree",
                "-r",
                "-p",
                "-M",
                "-U0",
                "--no-ext-diff",
                "--no-textconv",
                "--no-color",
                "--text",
            ])
            .argument(output)
            .arguments([base.as_str(), head.as_str(), "--"]);
        must(line, &comparing(base, head)).await.map(drop)
    }
}

fn comparing(base: &CommitSha, head: &CommitSha) -> String {
    format!("compare {} with {}", base.short(), head.short())
}
