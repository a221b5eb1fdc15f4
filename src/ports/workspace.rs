//! Git: the mirror that we control, the clones in which agents work, and the branches of the forge's repository.

use std::path::PathBuf;

use async_trait::async_trait;

use crate::domain::agent::Role;
use crate::domain::ids::{BranchName, CommitSha, GateName, Label, TreeSha};
use crate::domain::subject::Subject;
use crate::domain::turn::Unfinished;
use crate::protocol::context::ChangedFile;

/// The id of a clone: its user and the purpose. A clone is reused in later rounds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CloneId {
    /// The clone of an agent that edits files: changes of a turn are work, and are never discarded.
    Author { subject: Subject, role: Role, label: Label },
    /// The clone of an agent that only reads: changes of a turn are removed.
    Reader { subject: Subject, role: Role, label: Label },
    /// The clone of a gate: ignored files remain, so that builds are reused.
    Gate { subject: Subject, gate: GateName },
}

impl CloneId {
    pub fn subject(&self) -> &Subject {
        match self {
            Self::Author { subject, .. } | Self::Reader { subject, .. } | Self::Gate { subject, .. } => {
                subject
            }
        }
    }

    /// Returns the user of the clone: the label of an agent, or a gate.
    pub fn holder(&self) -> String {
        match self {
            Self::Author { label, .. } | Self::Reader { label, .. } => label.to_string(),
            Self::Gate { gate, .. } => gate.to_string(),
        }
    }

    /// Returns the path of the clone below the folder of all clones, which is also a valid part of a ref.
    pub fn path(&self) -> String {
        match self {
            Self::Author { subject, role, label } | Self::Reader { subject, role, label } => {
                format!("{subject}/{role}/{label}")
            }
            Self::Gate { subject, gate } => format!("{subject}/{gate}"),
        }
    }
}

/// The content of a clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layout {
    /// The files of a commit, for a coder or a gate.
    Work {
        head: CommitSha,
        /// The branch that is checked out; `None`: detached.
        branch: Option<BranchName>,
        /// The work to continue: its files replace those of the commit, uncommitted.
        unfinished: Option<Unfinished>,
    },
    /// The files of a commit, detached, for a reviewer. Files that configure agents come from the merge base, so that a
    /// change cannot configure its own review.
    Review { head: CommitSha, base: CommitSha },
}

impl Layout {
    pub fn head(&self) -> &CommitSha {
        match self {
            Self::Work { head, .. } | Self::Review { head, .. } => head,
        }
    }

    /// Returns the work whose files replace those of the commit.
    pub fn unfinished(&self) -> Option<&Unfinished> {
        match self {
            Self::Work { unfinished, .. } => unfinished.as_ref(),
            Self::Review { .. } => None,
        }
    }

    pub fn branch(&self) -> Option<&BranchName> {
        match self {
            Self::Work { branch, .. } => branch.as_ref(),
            Self::Review { .. } => None,
        }
    }
}

/// A merge of a branch into a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergeParents {
    /// The head of the change.
    pub head: CommitSha,
    pub other: CommitSha,
}

/// The end of a merge with conflicts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MergeEnd {
    /// The commit with both parents.
    Commit(CommitSha),
    /// These files have conflict markers.
    Unresolved(Vec<String>),
}

/// A clone that is ready for use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    pub path: PathBuf,
    /// Work of an unfinished turn that was found in the clone and kept, and that this turn does not continue.
    pub salvaged: Option<Salvage>,
    pub warning: Option<String>,
}

/// Work that was kept under a ref.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Salvage {
    /// The full name of the ref in the mirror.
    pub reference: String,
    pub commit: CommitSha,
}

/// The state of a clone after a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AfterTurn<T> {
    pub found: T,
    /// Messages about files that were unexpectedly left out, included or removed.
    pub notes: Vec<String>,
}

/// The changes in a coder's clone after its turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Harvest {
    /// The files are the same. Commits that change no file are ignored.
    Unchanged,
    /// A commit that descends from the head of the turn. It is in the mirror, and a ref keeps it.
    Commit(CommitSha),
    /// The work cannot be used and was kept.
    Unfit { why: String, salvage: Salvage },
}

/// Whether a reviewer changed its clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inspection {
    /// HEAD, index, refs and tracked files are unchanged.
    Untouched,
    Tampered(String),
}

/// The result of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Push {
    /// The branch points at the commit.
    Done,
    /// The branch points at another commit or does not exist, and was not moved.
    Moved(Option<CommitSha>),
    /// A checkout of the branch prevents the push; the text names a solution.
    Refused(String),
}

/// The difference between two commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub files: Vec<ChangedFile>,
    /// The beginning of the unified diff in whole lines, up to the requested number of bytes.
    pub excerpt: String,
    pub extent: Extent,
    /// A file with the whole diff; `None` if there is no difference.
    pub path: Option<PathBuf>,
}

/// Whether an excerpt is the whole text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    Whole,
    Excerpt,
}

/// An error of the workspace.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WorkspaceError {
    /// The commit or branch does not exist.
    #[error("{0}")]
    NotFound(String),
    /// Git failed.
    #[error("{0}")]
    Git(String),
    /// The files in which git keeps commits and branches are damaged.
    #[error("{0}")]
    Damaged(String),
    /// The mirror is damaged and has work that exists nowhere else; the command gives this work up.
    #[error("{text}")]
    Stranded { text: String, command: String },
    /// The disk could not be read or written.
    #[error("{0}")]
    Disk(String),
    /// The user's checkout has changes that would be lost; the text names a solution.
    #[error("{0}")]
    Unclean(String),
    /// The user's checkout is in use.
    #[error("{0}")]
    Held(String),
    /// The user's checkout cannot be used at all.
    #[error("{0}")]
    Unusable(String),
}

/// Git, and the clones in which agents work.
#[async_trait]
pub trait Workspace: Send + Sync {
    /// Updates the mirror from the forge's repository.
    async fn refresh(&self) -> Result<(), WorkspaceError>;

    /// Returns the current tip of a branch of the forge's repository.
    async fn tip(&self, branch: &BranchName) -> Result<Option<CommitSha>, WorkspaceError>;

    /// Returns the best common ancestor.
    async fn merge_base(&self, one: &CommitSha, other: &CommitSha) -> Result<CommitSha, WorkspaceError>;

    /// Returns whether `ancestor` is reachable from `commit`; `false` if the mirror does not have it.
    async fn contains(&self, commit: &CommitSha, ancestor: &CommitSha) -> Result<bool, WorkspaceError>;

    async fn tree(&self, commit: &CommitSha) -> Result<TreeSha, WorkspaceError>;

    /// Returns the difference between two commits, with at most `excerpt_bytes` of the diff.
    async fn difference(
        &self,
        from: &CommitSha,
        to: &CommitSha,
        excerpt_bytes: usize,
    ) -> Result<Difference, WorkspaceError>;

    /// Returns the files in which a merge has conflicts.
    async fn conflicts(&self, parents: &MergeParents) -> Result<Vec<String>, WorkspaceError>;

    /// Makes a commit on the head with the files of a merge, as far as git can merge them: with conflict markers where both
    /// sides changed the same lines. An agent works on it; it is never pushed.
    async fn begin_merge(&self, parents: &MergeParents) -> Result<CommitSha, WorkspaceError>;

    async fn finish_merge(
        &self,
        parents: &MergeParents,
        files: &CommitSha,
        message: &str,
    ) -> Result<MergeEnd, WorkspaceError>;

    /// Prepares a clone: clean, with this content and our git configuration. Work of an author's unfinished turn is kept
    /// first.
    async fn prepare(&self, clone_id: &CloneId, layout: &Layout) -> Result<Prepared, WorkspaceError>;

    /// Returns whether the agent works in the user's checkout instead of a clone. It can be refused; a refusal is not
    /// journaled as an attempt.
    fn is_user_checkout(&self, _clone_id: &CloneId) -> bool {
        false
    }

    /// Checks that the user's checkout can be used now, without changing it. Always succeeds for our own clones.
    async fn check_user_checkout(&self, _clone_id: &CloneId) -> Result<(), WorkspaceError> {
        Ok(())
    }

    /// Returns an empty folder for a turn without access to files. Files of earlier turns are removed.
    async fn empty(&self, clone_id: &CloneId) -> Result<PathBuf, WorkspaceError>;

    /// Commits the changes in a coder's clone, after the coder's own commits, and fetches all into the mirror. `head` is the
    /// commit for which the clone was prepared.
    async fn harvest(
        &self,
        clone_id: &CloneId,
        head: &CommitSha,
        message: &str,
    ) -> Result<AfterTurn<Harvest>, WorkspaceError>;

    /// Keeps the changes in a coder's clone under a ref, if it differs from `head`.
    async fn salvage(&self, clone_id: &CloneId, head: &CommitSha) -> Result<Option<Salvage>, WorkspaceError>;

    /// Copies the changes in a clone of a coder that was stopped to a ref. They stay in the clone, and the next turn continues
    /// them.
    async fn back_up(&self, clone_id: &CloneId, head: &CommitSha) -> Result<Option<Salvage>, WorkspaceError>;

    /// Keeps a commit of the mirror under a ref.
    async fn keep(&self, subject: &Subject, commit: &CommitSha) -> Result<Salvage, WorkspaceError>;

    /// Returns whether a reviewer changed its clone since it was prepared for `head`; untracked files are only noted.
    async fn inspect(
        &self,
        clone_id: &CloneId,
        head: &CommitSha,
    ) -> Result<AfterTurn<Inspection>, WorkspaceError>;

    /// Moves a branch of the forge's repository from `expected` (`None`: it must not exist) to `commit`, or not at all.
    async fn push(
        &self,
        branch: &BranchName,
        commit: &CommitSha,
        expected: Option<&CommitSha>,
    ) -> Result<Push, WorkspaceError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_clones_never_change() {
        let subject: Subject = "pr/7".parse().unwrap();
        let (role, label) = (Role::Coder, "claude".parse().unwrap());
        let author = CloneId::Author { subject: subject.clone(), role, label };
        let gate = CloneId::Gate { subject, gate: GateName::tests() };
        assert_eq!([author.path(), gate.path()], ["pr/7/coder/claude", "pr/7/tests"]);
        assert_eq!([author.holder(), gate.holder()], ["claude", "tests"]);
    }
}
