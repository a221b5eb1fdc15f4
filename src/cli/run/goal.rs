//! The goal of a command: a flow and its subject.

use crate::domain::flow_name::FlowName;
use crate::domain::ids::{IssueNumber, PullRequestNumber};

/// The goal of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Goal {
    pub flow: FlowName,
    pub target: GoalTarget,
}

/// The subject of a flow, as a person types it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GoalTarget {
    Task(String),
    Issue(IssueNumber),
    PullRequest(PullRequestNumber),
}
