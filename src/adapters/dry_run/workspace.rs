//! The workspace of a dry run: it reads commits from the real mirror, and records clones and pushes.

use std::path::PathBuf;

use async_trait::async_trait;

use crate::domain::ids::{BranchName, CommitSha, TreeSha};
use crate::domain::subject::Subject;
use crate::ports::workspace::{
    AfterTurn, CloneId, Difference, Harvest, Inspection, Layout, MergeEnd, MergeParents, Prepared, Push,
    Salvage, Workspace, WorkspaceError,
};

use super::world::RehearsedWorld;

#[async_trait]
impl Workspace for RehearsedWorld {
    async fn refresh(&self) -> Result<(), WorkspaceError> {
        self.real.workspace.refresh().await
    }

    async fn tip(&self, branch: &BranchName) -> Result<Option<CommitSha>, WorkspaceError> {
        let moved = self.lock().tips.get(branch).cloned();
        match moved {
            Some(tip) => Ok(Some(tip)),
            None => self.real.workspace.tip(branch).await,
        }
    }

    async fn merge_base(&self, one: &CommitSha, other: &CommitSha) -> Result<CommitSha, WorkspaceError> {
        self.real.workspace.merge_base(one, other).await
    }

    async fn contains(&self, commit: &CommitSha, ancestor: &CommitSha) -> Result<bool, WorkspaceError> {
        self.real.workspace.contains(commit, ancestor).await
    }

    async fn tree(&self, commit: &CommitSha) -> Result<TreeSha, WorkspaceError> {
        self.real.workspace.tree(commit).await
    }

    async fn difference(
        &self,
        from: &CommitSha,
        to: &CommitSha,
        excerpt_bytes: usize,
    ) -> Result<Difference, WorkspaceError> {
        self.real.workspace.difference(from, to, excerpt_bytes).await
    }

    async fn conflicts(&self, parents: &MergeParents) -> Result<Vec<String>, WorkspaceError> {
        self.real.workspace.conflicts(parents).await
    }

    async fn begin_merge(&self, parents: &MergeParents) -> Result<CommitSha, WorkspaceError> {
        Ok(parents.head.clone())
    }

    async fn finish_merge(
        &self,
        _: &MergeParents,
        files: &CommitSha,
        _: &str,
    ) -> Result<MergeEnd, WorkspaceError> {
        Ok(MergeEnd::Commit(files.clone()))
    }

    async fn prepare(&self, clone_id: &CloneId, layout: &Layout) -> Result<Prepared, WorkspaceError> {
        let user = match clone_id {
            CloneId::Author { role, label, .. } | CloneId::Reader { role, label, .. } => {
                format!("the {role} {label}")
            }
            CloneId::Gate { gate, .. } => format!("the gate {gate}"),
        };
        self.note(format!("prepare the clone of {user} at {}", layout.head().short()));
        Ok(Prepared { path: PathBuf::new(), salvaged: None, warning: None })
    }

    fn is_user_checkout(&self, clone_id: &CloneId) -> bool {
        self.real.workspace.is_user_checkout(clone_id)
    }

    async fn empty(&self, _: &CloneId) -> Result<PathBuf, WorkspaceError> {
        Ok(PathBuf::new())
    }

    async fn harvest(
        &self,
        _: &CloneId,
        _: &CommitSha,
        _: &str,
    ) -> Result<AfterTurn<Harvest>, WorkspaceError> {
        Ok(AfterTurn { found: Harvest::Unchanged, notes: Vec::new() })
    }

    async fn salvage(&self, _: &CloneId, _: &CommitSha) -> Result<Option<Salvage>, WorkspaceError> {
        Ok(None)
    }

    async fn back_up(&self, _: &CloneId, _: &CommitSha) -> Result<Option<Salvage>, WorkspaceError> {
        Ok(None)
    }

    async fn keep(&self, subject: &Subject, commit: &CommitSha) -> Result<Salvage, WorkspaceError> {
        self.note(format!("keep {} of {subject} under a ref", commit.short()));
        Ok(Salvage { reference: String::new(), commit: commit.clone() })
    }

    async fn inspect(&self, _: &CloneId, _: &CommitSha) -> Result<AfterTurn<Inspection>, WorkspaceError> {
        Ok(AfterTurn { found: Inspection::Untouched, notes: Vec::new() })
    }

    async fn push(
        &self,
        branch: &BranchName,
        commit: &CommitSha,
        _: Option<&CommitSha>,
    ) -> Result<Push, WorkspaceError> {
        self.note(format!("push {} to {branch}", commit.short()));
        self.lock().tips.insert(branch.clone(), commit.clone());
        Ok(Push::Done)
    }
}
