//! The goal of a command, a flow and its subject, and what kind of command it is.

use crate::domain::flow_name::FlowName;
use crate::domain::ids::{IssueNumber, PullRequestNumber};
use crate::domain::subject::Subject;

/// The goal of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Goal {
    pub flow: FlowName,
    pub target: GoalTarget,
}

impl Goal {
    /// Returns the subject, if it can be known before the repository: the key of a task depends on both.
    pub fn subject(&self) -> Option<Subject> {
        match self.target {
            GoalTarget::Task(_) => None,
            GoalTarget::Issue(number) => Some(Subject::Issue(number)),
            GoalTarget::PullRequest(number) => Some(Subject::PullRequest(number)),
        }
    }
}

/// The subject of a flow, as a person types it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GoalTarget {
    Task(String),
    Issue(IssueNumber),
    PullRequest(PullRequestNumber),
}

/// The kind of command that starts or continues a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// A command that names its whole goal.
    Command,
    /// A command that continues the run of another command.
    Resumption,
}

/// How a command was invoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunInvocation {
    pub trigger: Trigger,
    pub answers: Answers,
}

impl RunInvocation {
    /// A command that names its whole goal, with nobody to answer questions.
    pub const UNATTENDED: Self = Self { trigger: Trigger::Command, answers: Answers::Nobody };
}

/// Who answers the coder's questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answers {
    AtTheTerminal,
    Nobody,
}
