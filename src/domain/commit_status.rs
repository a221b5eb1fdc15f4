//! The status of a pull request's run on a commit, which rules of a forge can require before a merge.

use super::ids::CommitSha;
use super::pull_request::CheckState;

/// The status of a run on a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitStatus {
    pub head: CommitSha,
    pub state: CheckState,
    /// The reason, for people. It contains no text of agents.
    pub sentence: String,
    /// The forge's id of the comment that explains the status.
    pub comment: Option<String>,
}
