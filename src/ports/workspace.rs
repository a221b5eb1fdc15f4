//! git: the mirror that we control, the clones that agents work in, and the branches on the forge's repository.

use std::path::PathBuf;

use crate::domain::agent::Role;
use crate::domain::ids::{BranchName, CommitSha, GateName, Label, TreeSha};
use crate::domain::subject::Subject;
use crate::protocol::context::ChangedFile;

/// Identifies a clone by its user and by what the user does there. A clone is used again over the rounds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CloneId {
    /// The clone of an agent that changes files: what a turn leaves there is work, and is never thrown away.
    Author { subject: Subject, role: Role, label: Label },
    /// The clone of an agent that only reads: whatever a turn leaves there is removed.
    Reader { subject: Subject, role: Role, label: Label },
    /// The clone in which a gate is measured: ignored files stay, so that builds are reused.
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

    /// Names the user of the clone: the label of an agent, or a gate.
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

/// What a clone is made ready as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layout {
    /// The files of a commit, to be worked on or tested.
    Work {
        head: CommitSha,
        /// The branch that stands there; none: detached.
        branch: Option<BranchName>,
        /// The ref of work that was kept aside there: its files are laid over those of the commit, uncommitted.
        unfinished: Option<String>,
    },
    /// The files of a commit, detached, to be judged; but what configures agents is as in the merge base, so that a
    /// change does not say how it is reviewed.
    Review { head: CommitSha, base: CommitSha },
}

impl Layout {
    pub fn head(&self) -> &CommitSha {
        match self {
            Self::Work { head, .. } | Self::Review { head, .. } => head,
        }
    }

    /// The ref of the work that is laid over its files.
    pub fn unfinished(&self) -> Option<&str> {
        match self {
            Self::Work { unfinished, .. } => unfinished.as_deref(),
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

/// A clone that is ready to be worked in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    pub path: PathBuf,
    /// Work of an earlier turn that never came to its end, found there and kept.
    pub salvaged: Option<Salvage>,
    /// What could not be laid out as asked, for a person.
    pub warning: Option<String>,
}

/// Work that was kept aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Salvage {
    /// The full name of the ref in the mirror.
    pub reference: String,
    pub commit: CommitSha,
}

/// What a coder's clone holds after its turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Harvest {
    /// The same files as before; commits that change nothing do not count.
    Unchanged,
    /// This commit, which descends from the head of the turn. It is in the mirror, and kept alive there.
    Commit(CommitSha),
    /// Work that can't be used: it is kept aside.
    Unfit { why: String, salvage: Salvage },
}

/// Whether a reviewer left its clone as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inspection {
    /// HEAD, index, refs and tracked content are as they were laid out.
    Untouched,
    Tampered(String),
}

/// What became of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Push {
    /// The branch is now at the commit, or was there already.
    Done,
    /// The branch is elsewhere (or gone); nothing was done.
    Moved(Option<CommitSha>),
    /// A checkout of the branch is in the way; the text says what to do.
    Refused(String),
}

/// The difference between two commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub files: Vec<ChangedFile>,
    /// The beginning of the unified diff, whole lines, at most as many bytes as were asked for.
    pub excerpt: String,
    /// Whether the excerpt is the whole diff.
    pub extent: Extent,
    /// A file with the whole diff; none if there is no difference.
    pub path: Option<PathBuf>,
}

/// How much of a text is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    Whole,
    Excerpt,
}

/// Why git did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WorkspaceError {
    /// There is no such commit or branch.
    #[error("{0}")]
    NotFound(String),
    /// git failed; the text says at what, and why.
    #[error("{0}")]
    Git(String),
    /// The disk could not be read or written.
    #[error("{0}")]
    Disk(String),
    /// A checkout of the user's holds what would be lost; the text says what to type.
    #[error("{0}")]
    Unclean(String),
    /// A checkout of the user's is in use.
    #[error("{0}")]
    Held(String),
    /// A checkout of the user's can't be used at all.
    #[error("{0}")]
    Unusable(String),
}

/// git, and the clones that agents work in.
pub trait Workspace: Send + Sync {
    /// Brings the mirror up to date with the forge's repository.
    fn refresh(&self) -> impl Future<Output = Result<(), WorkspaceError>> + Send;

    /// The tip of a branch on the forge's repository, at this instant.
    fn tip(
        &self,
        branch: &BranchName,
    ) -> impl Future<Output = Result<Option<CommitSha>, WorkspaceError>> + Send;

    /// The best common ancestor.
    fn merge_base(
        &self,
        one: &CommitSha,
        other: &CommitSha,
    ) -> impl Future<Output = Result<CommitSha, WorkspaceError>> + Send;

    /// Whether `ancestor` is reachable from `commit`. An ancestor that the mirror does not know is not.
    fn contains(
        &self,
        commit: &CommitSha,
        ancestor: &CommitSha,
    ) -> impl Future<Output = Result<bool, WorkspaceError>> + Send;

    fn tree(&self, commit: &CommitSha) -> impl Future<Output = Result<TreeSha, WorkspaceError>> + Send;

    /// What changed from one commit to another, with at most `excerpt_bytes` of the diff.
    fn difference(
        &self,
        from: &CommitSha,
        to: &CommitSha,
        excerpt_bytes: usize,
    ) -> impl Future<Output = Result<Difference, WorkspaceError>> + Send;

    /// Makes a clone ready: clean, laid out as asked, with git configuration of ours. What an unfinished turn of an author
    /// left there is kept first.
    fn prepare(
        &self,
        clone_id: &CloneId,
        layout: &Layout,
    ) -> impl Future<Output = Result<Prepared, WorkspaceError>> + Send;

    /// Whether the agent works in a checkout of the user's instead of a clone. It can be refused; a refusal is not
    /// journaled as an attempt.
    fn is_user_checkout(&self, _clone_id: &CloneId) -> bool {
        false
    }

    /// Checks that the user's checkout would be accepted now, without changing it. Succeeds for a clone of ours.
    fn check_user_checkout(
        &self,
        _clone_id: &CloneId,
    ) -> impl Future<Output = Result<(), WorkspaceError>> + Send {
        std::future::ready(Ok(()))
    }

    /// An empty folder for a turn that is to see nothing. What an earlier turn left there is removed.
    fn empty(&self, clone_id: &CloneId) -> impl Future<Output = Result<PathBuf, WorkspaceError>> + Send;

    /// Commits what lies in a coder's clone, keeps the coder's own commits, and fetches all into the mirror.
    /// `head` is the commit that the clone was prepared at.
    fn harvest(
        &self,
        clone_id: &CloneId,
        head: &CommitSha,
        message: &str,
    ) -> impl Future<Output = Result<Harvest, WorkspaceError>> + Send;

    /// Keeps what lies in a coder's clone aside, if it differs from `head`.
    fn salvage(
        &self,
        clone_id: &CloneId,
        head: &CommitSha,
    ) -> impl Future<Output = Result<Option<Salvage>, WorkspaceError>> + Send;

    /// Keeps a commit of the mirror aside.
    fn keep(
        &self,
        subject: &Subject,
        commit: &CommitSha,
    ) -> impl Future<Output = Result<Salvage, WorkspaceError>> + Send;

    /// Looks whether a reviewer's clone is as it was prepared at `head`; untracked leftovers are not held against it.
    fn inspect(
        &self,
        clone_id: &CloneId,
        head: &CommitSha,
    ) -> impl Future<Output = Result<Inspection, WorkspaceError>> + Send;

    /// Moves a branch on the forge's repository from `expected` (absent: it must not exist) to `commit`, or not at all.
    fn push(
        &self,
        branch: &BranchName,
        commit: &CommitSha,
        expected: Option<&CommitSha>,
    ) -> impl Future<Output = Result<Push, WorkspaceError>> + Send;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_lie_where_they_always_lay() {
        let subject: Subject = "pr/7".parse().unwrap();
        let (role, label) = (Role::Coder, "claude".parse().unwrap());
        let author = CloneId::Author { subject: subject.clone(), role, label };
        let gate = CloneId::Gate { subject, gate: GateName::tests() };
        assert_eq!([author.path(), gate.path()], ["pr/7/coder/claude", "pr/7/tests"]);
        assert_eq!([author.holder(), gate.holder()], ["claude", "tests"]);
    }
}
