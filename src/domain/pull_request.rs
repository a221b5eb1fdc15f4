//! Pull requests and their checks.

use serde::{Deserialize, Serialize};

use super::ids::{BranchName, CommitSha, PullRequestNumber};
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

/// One check of the forge on a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    pub name: String,
    pub state: CheckState,
}

word_list!(
    /// The result of a check.
    CheckState { Pending = "pending", Success = "success", Failure = "failure" }
);

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
}
