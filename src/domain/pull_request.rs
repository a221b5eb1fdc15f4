//! A pull request as the flows look at it.

use serde::{Deserialize, Serialize};

use super::ids::{BranchName, CommitSha, PullRequestNumber};

/// Whether a pull request can still change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum PullRequestState {
    Open,
    Closed,
    Merged {
        /// The commit that the merge made.
        commit: CommitSha,
    },
}

/// One row of the forge's board of checks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    pub name: String,
    pub state: CheckState,
}

/// What a check says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckState {
    Pending,
    Success,
    Failure,
}

impl CheckState {
    /// The value used on the command line and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Success => "success",
            Self::Failure => "failure",
        }
    }
}

/// A pull request at one instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequest {
    pub number: PullRequestNumber,
    /// Whether it can still change.
    pub state: PullRequestState,
    pub title: String,
    pub body: String,
    /// The commit at the tip of its branch.
    pub head: CommitSha,
    pub head_ref: BranchName,
    /// The branch that it wants to change.
    pub base_ref: BranchName,
    /// The checks of its head.
    pub checks: Vec<Check>,
}
