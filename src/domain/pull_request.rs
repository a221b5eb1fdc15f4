//! Pull requests and their checks.

use std::fmt::{self, Display, Formatter};

use serde::{Deserialize, Serialize};

use super::ids::{BranchName, CommitSha, IssueNumber, PullRequestNumber};
use super::plan::BoundPlan;
use super::subject::Subject;
use super::word_list::word_list;

/// The state of a pull request on its forge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum PullRequestState {
    Open,
    Closed,
    Merged {
        /// The merge commit.
        commit: CommitSha,
    },
}

/// The place of a pull request in the merge queue of its forge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueuePlace {
    Waiting,
    Merged,
    /// The pull request was removed from the queue without a merge.
    Removed,
}

/// A base branch that cannot be merged with a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergeConflict {
    pub base: BranchName,
    /// The files in which both changed the same lines; empty if the forge does not name them.
    pub files: Vec<String>,
}

impl Display for MergeConflict {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` conflicts with this change", self.base)?;
        if self.files.is_empty() { Ok(()) } else { write!(f, " in {}", self.files.join(", ")) }
    }
}

/// One check of the forge on a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    pub name: String,
    pub state: CheckState,
    /// The forge's own word for the result, such as `timed_out`.
    pub conclusion: Option<String>,
    /// The page with the whole result.
    pub url: Option<String>,
    /// The most informative part of the output, of limited length.
    pub excerpt: Option<String>,
}

impl Check {
    /// Returns a check of which only the state is known.
    pub fn bare(name: String, state: CheckState) -> Self {
        Self { name, state, conclusion: None, url: None, excerpt: None }
    }
}

word_list!(
    /// The result of a check.
    CheckState { Pending = "pending", Success = "success", Failure = "failure" }
);

/// The checks of one commit, as the forge shows them at one instant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckBoard {
    pub checks: Vec<Check>,
    /// Why some checks cannot be read. They may have any result.
    pub unreadable: Option<String>,
    pub arrival: CheckArrival,
}

/// The time at which the forge shows the checks of a new commit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CheckArrival {
    /// A person sets the checks, before or after a run.
    #[default]
    ByHand,
    /// The checks start automatically, some time after the push.
    AfterThePush,
}

/// A pull request at one instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequest {
    pub number: PullRequestNumber,
    pub state: PullRequestState,
    pub title: String,
    pub body: String,
    /// The commit at the tip of the branch.
    pub head: CommitSha,
    pub head_ref: BranchName,
    /// The branch into which the change is merged.
    pub base_ref: BranchName,
    /// How to restore the branch on this forge after it was deleted, as the end of a sentence.
    pub restoring: String,
}

/// The purpose of a pull request, for its description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequestPurpose {
    pub subject: Subject,
    pub closing: Closing,
    /// The issue of which the subject is a part.
    pub parent: Option<IssueNumber>,
    /// The plan that the change was made for.
    pub plan: Option<BoundPlan>,
}

/// Whether the merge of a pull request closes its issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    Closes,
    /// The pull request only refers to the issue: more is left to do, or a person closes it.
    Refers,
}
