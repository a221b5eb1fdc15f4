//! The goal of a command: the change that a run makes or reviews.

use crate::domain::ids::{IssueNumber, PullRequestNumber};

/// The goal of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Goal {
    /// `task`, with its text.
    Task(String),
    Issue(IssueNumber),
    PullRequest(PullRequestNumber),
}
