//! The view of a flow for the rest of the program: status, outcome and live view.

use crate::domain::gate::Measurement;
use crate::domain::ids::{BranchName, CommitSha, PullRequestNumber, RunId};
use crate::domain::item::Item;
use crate::domain::usage::Usage;
use crate::domain::vote::Vote;
use crate::protocol::context::ContextComment;

use super::ask::Against;
use super::terms::Terms;

/// The view of a flow's latest run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct View {
    /// The round of the next record.
    pub round: u32,
    /// The number of rounds.
    pub rounds: u32,
    pub head: Option<CommitSha>,
    /// The latest commit that the coder of the run made.
    pub ours: Option<CommitSha>,
    /// The commit with which the head is compared.
    pub against: Option<Against>,
    pub branch: Option<BranchName>,
    /// The pull request of the run.
    pub pull_request: Option<PullRequestNumber>,
    pub votes: Vec<Vote>,
    pub items: Vec<Item>,
    /// The latest measurement of each gate.
    pub gates: Vec<Measurement>,
    pub records: Records,
    /// The command that follows in the present state, if the flow knows it.
    pub next_command: Option<String>,
}

/// Whether all records of a chain that its flow needs are present.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Records {
    #[default]
    Whole,
    /// Some records are missing, and the next run compensates for them.
    Missing,
}

/// The output of a flow for other flows, read from its records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlowOutput {
    /// An issue or a task became a pull request, or is becoming one.
    Delivery {
        run: RunId,
        terms: Box<Terms>,
        /// The cost of the run so far.
        spent: Usage,
        branch: BranchName,
        pull_request: Option<PullRequestNumber>,
        head: Option<CommitSha>,
    },
    /// The debaters of an issue agree.
    Discussion {
        /// Their decision, with the constraints that they name.
        decision: ContextComment,
    },
}
