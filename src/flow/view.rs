//! The view of a flow for the rest of the program: status, outcome and live view.

use std::collections::BTreeMap;

use crate::domain::child_issue::ChildIssue;
use crate::domain::ending::Ending;
use crate::domain::execution::ExecutionMode;
use crate::domain::gate::Measurement;
use crate::domain::gate_plan::NotRun;
use crate::domain::ids::{BranchName, CommitSha, GateName, IssueNumber, Label, PullRequestNumber, RunId};
use crate::domain::item::Item;
use crate::domain::phase::PlannedPhase;
use crate::domain::plan::{BoundPlan, PlanReference};
use crate::domain::revision::RevisionKind;
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
    /// The agents that vote, in order.
    pub voters: Vec<Label>,
    pub votes: Vec<Vote>,
    pub votes_on: RevisionKind,
    pub items: Vec<Item>,
    /// The latest measurement of each gate.
    pub gates: Vec<Measurement>,
    /// The gates that the run does not measure.
    pub gates_not_run: BTreeMap<GateName, NotRun>,
    /// The gates that the run has not measured yet.
    pub gates_unmeasured: Vec<GateName>,
    pub records: Records,
    /// The command that follows in the present state, if the flow knows it.
    pub next_command: Option<FollowingCommand>,
    /// The issues into which the subject was divided.
    pub parts: Vec<PlannedPhase>,
}

impl View {
    /// Names the ending of the run; that of a debate with its result, for which every debater votes.
    pub fn named(&self, ending: &Ending) -> String {
        match self.votes.first().filter(|_| *ending == Ending::Consensus) {
            Some(vote) => format!("{}: {}", ending.status(), vote.state.name()),
            None => ending.status().to_owned(),
        }
    }
}

/// Whether all records of a chain that its flow needs are present.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Records {
    #[default]
    Whole,
    /// Some records are missing, and the next run compensates for them.
    Missing,
}

/// The output of a flow for other flows, read from its records. Each flow sets its own field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FlowOutput {
    /// An issue or a task became a pull request, or is becoming one.
    pub delivery: Option<DeliveryOutput>,
    /// The debate of an issue has ended.
    pub debate: Option<DebateOutput>,
    /// An issue has an approved plan.
    pub plan: Option<PlanOutput>,
}

/// The result of a debate for other flows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DebateOutput {
    /// The decision with the constraints that the debaters name, or their positions after a deadlock.
    pub summary: ContextComment,
    /// The result for people who have the issue implemented, unless the debaters agree that it should be.
    pub objection: Option<String>,
    /// The stages of a split.
    pub stages: Vec<ProposedStage>,
}

/// A stage that an issue may be filed for, with the issue once it is filed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposedStage {
    pub child: ChildIssue,
    pub issue: Option<IssueNumber>,
}

/// The delivery of an issue or a task for other flows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryOutput {
    pub run: RunId,
    pub terms: Terms,
    /// The cost of the run so far.
    pub spent: Usage,
    pub branch: BranchName,
    pub pull_request: Option<PullRequestNumber>,
    pub head: Option<CommitSha>,
    /// The plan that the change is made for.
    pub plan: Option<BoundPlan>,
}

/// A command that follows a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FollowingCommand {
    /// The change of an issue, made by the agents of a change.
    Change(IssueNumber),
    /// The end of an issue that will not be implemented, which a person closes on the forge.
    Decline,
    /// The decision of a person about the issue, in a comment on the forge.
    Decide,
    Other(String),
}

/// An approved plan for other flows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanOutput {
    /// The run and its cost so far, if the run goes on.
    pub open_run: Option<(RunId, Usage)>,
    pub mode: ExecutionMode,
    /// The terms for the implementation.
    pub terms: Terms,
    pub plan: PlanReference,
    pub extent: PlanExtent,
    pub phases: Vec<PlannedPhase>,
    /// The issues of stages that the plan covers.
    pub covered: Vec<IssueNumber>,
    /// The issues of stages that the plan leaves for later.
    pub deferred: Vec<IssueNumber>,
}

/// Whether a plan covers its whole issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanExtent {
    Whole,
    /// Some stages are left for later.
    Part,
}

impl FlowOutput {
    /// Returns the issues that were filed for parts of the subject.
    pub fn parts(&self) -> impl Iterator<Item = IssueNumber> {
        self.debate.iter().flat_map(|debate| &debate.stages).filter_map(|stage| stage.issue)
    }
}

impl DebateOutput {
    /// Returns whether an issue was filed for a stage of the split.
    pub fn has(&self, issue: IssueNumber) -> bool {
        self.stages.iter().any(|stage| stage.issue == Some(issue))
    }
}

impl PlanOutput {
    /// Returns whether an issue was filed for a phase or a stage of the plan.
    pub fn has(&self, issue: IssueNumber) -> bool {
        let stages = self.covered.iter().chain(&self.deferred);
        self.phases.iter().map(|phase| &phase.issue).chain(stages).any(|known| *known == issue)
    }

    /// Returns the plan for a change on an issue: for the issue of a phase, the phase comes first.
    pub fn reference(&self, issue: IssueNumber) -> PlanReference {
        let whole = self.plan.clone();
        match self.phases.iter().find(|phase| phase.issue == issue) {
            Some(phase) => {
                let (number, count, title) = (phase.number, self.phases.len(), &phase.title);
                let (own, all) = (&phase.text, &whole.text);
                let text = format!(
                    "Phase {number} of {count}: {title}\n\n{own}\n\nThe whole plan, for reference:\n\n{all}"
                );
                PlanReference { text, ..whole }
            }
            None => whole,
        }
    }
}
