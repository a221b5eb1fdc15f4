//! The goal of a command: a flow, and what it is about.

use crate::domain::flow_name::FlowName;
use crate::domain::ids::{IssueNumber, PullRequestNumber};

/// The goal of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Goal {
    pub flow: FlowName,
    pub target: GoalTarget,
}

/// What a flow is about, as a person says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GoalTarget {
    Task(String),
    Issue(IssueNumber),
    PullRequest(PullRequestNumber),
}
