//! What a flow shows of itself to the rest of the program: status, outcome and live view know no more of it.

use crate::domain::gate::Measurement;
use crate::domain::ids::{BranchName, CommitSha, PullRequestNumber, RunId};
use crate::domain::item::Item;
use crate::domain::usage::Usage;
use crate::domain::vote::Vote;

use super::ask::Against;
use super::terms::Terms;

/// What a flow shows of its latest run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct View {
    /// How many rounds were taken.
    pub round: u32,
    pub head: Option<CommitSha>,
    /// The latest commit that the coder of the run made.
    pub ours: Option<CommitSha>,
    /// What the head is compared with.
    pub against: Option<Against>,
    pub branch: Option<BranchName>,
    /// The pull request that the run is about, or has led to.
    pub pull_request: Option<PullRequestNumber>,
    pub votes: Vec<Vote>,
    pub items: Vec<Item>,
    /// The latest measurement of each gate.
    pub gates: Vec<Measurement>,
    pub records: Records,
}

/// Whether every record of a chain is there, as far as its flow cares.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Records {
    #[default]
    Whole,
    /// Some are missing, and the next run makes up for them.
    Missing,
}

/// What other flows may know of a flow: the closed list, read from its records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlowOutput {
    /// An issue or a task became, or becomes, a pull request.
    Delivery {
        run: RunId,
        terms: Terms,
        /// What the run has cost by then.
        spent: Usage,
        branch: BranchName,
        pull_request: Option<PullRequestNumber>,
        head: Option<CommitSha>,
    },
}
