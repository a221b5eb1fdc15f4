//! The inputs of the decisions of a planning: the issue, its requirements, and an open run with its terms.

use std::ops::ControlFlow;

use crate::domain::agent::{ResponseKind, Role};
use crate::domain::execution::ExecutionMode;
use crate::domain::ids::{Label, PlanHash};
use crate::domain::item::Item;
use crate::domain::plan::PlanReference;
use crate::domain::roster::Seat;
use crate::domain::subject::Subject;
use crate::domain::turn::TurnKey;
use crate::protocol::context::Clarification;
use crate::protocol::requirements;

use super::super::ask::{Against, Ask, Brief};
use super::super::conclusion::Conclusion;
use super::super::context::FlowContext;
use super::super::facts::{IssueFacts, Workable};
use super::super::machine::draft;
use super::super::names;
use super::super::review_pass::ReviewPass;
use super::super::rounds::RoundAt;
use super::super::step::{Decision, HandOver, Next, Step, first, refuse_closed};
use super::records::PlanningEntry;
use super::state::{CurrentPlan, PlanningRun, PlanningState};

/// A point in a planning: one pass of the reviewers over one plan.
pub(super) type PlanAt = RoundAt<PlanHash>;

/// Refuses a closed issue, unless its plan is being implemented: the merge closes it before the run has ended.
fn closed(state: &PlanningState) -> Decision<()> {
    let is_implemented =
        |run: &&PlanningRun| run.state.is_open() && run.execution.mode == ExecutionMode::ImplementOneShot;
    if let (Some(run), Some(_)) = (state.run.as_ref().filter(is_implemented), state.approval()) {
        let (subject, head) = (Subject::Issue(state.number), run.base.clone());
        return first(Step::HandOver(HandOver { flow: names::DELIVERY, subject, head }));
    }
    refuse_closed()
}

/// Fetches the issue. A closed one is not planned.
pub(super) fn issue(state: &PlanningState, cx: &FlowContext<'_>) -> Decision<IssueFacts> {
    let issue = cx.issue(state.number)?;
    match issue.state {
        Workable::Open => {}
        Workable::Closed | Workable::Dropped => closed(state)?,
    }
    ControlFlow::Continue(issue)
}

/// An open run with its terms and the inputs of its decisions.
pub(super) struct OpenPlanning<'now> {
    pub(super) cx: &'now FlowContext<'now>,
    pub(super) state: &'now PlanningState,
    pub(super) run: &'now PlanningRun,
    pub(super) issue: &'now IssueFacts,
}

/// The result of a planning for people, and the command that follows, if there is one.
pub(super) struct PlanSummary {
    pub(super) message: String,
    pub(super) next: Option<String>,
}

impl PlanSummary {
    /// Adds a sentence to the message.
    pub(super) fn and(self, sentence: &str) -> Self {
        Self { message: self.message + sentence, ..self }
    }

    /// Creates a conclusion with this message and this command.
    pub(super) fn conclusion(self, make: impl FnOnce(String) -> Conclusion) -> Conclusion {
        self.next.into_iter().fold(make(self.message), Conclusion::with_next)
    }
}

impl OpenPlanning<'_> {
    /// Returns the reviewers of the run.
    pub(super) fn pass(&self) -> ReviewPass<'_, PlanHash> {
        let required = requirements::expected(&self.issue.requirements).ids;
        let without_approval = "run it without `--plan-first`".to_owned();
        ReviewPass { terms: &self.run.terms, rounds: &self.state.rounds, required, without_approval }
    }

    /// Returns the key of an agent's turn in a round.
    pub(super) fn key(&self, role: Role, label: &Label, kind: ResponseKind, round: u32) -> TurnKey {
        TurnKey::first(self.run.state.at(round), role, label, kind, &self.run.base)
    }

    /// Creates a question to an agent. No agent edits files during a planning.
    pub(super) fn ask(&self, key: TurnKey, shown: Vec<Item>, seat: &Seat) -> Ask {
        self.pass().ask(self.cx, key, self.brief(shown, Vec::new()), seat)
    }

    pub(super) fn brief(&self, items: Vec<Item>, clarifications: Vec<Clarification>) -> Brief {
        let policy = &self.run.terms.policy;
        let against = Against::Commit(self.run.base.clone());
        Brief {
            items,
            requirements: self.issue.requirements.clone(),
            followups: policy.followups,
            clarifications,
            summary: self.state.plan.as_ref().map(|plan| plan.summary.clone()),
            plan: self.state.plan.as_ref().map(|plan| self.reference(plan)),
            ..Brief::about(self.issue.subject.clone(), against, policy.max_rounds)
        }
    }

    fn reference(&self, plan: &CurrentPlan) -> PlanReference {
        PlanReference { hash: plan.hash.clone(), issue: self.state.number, text: plan.plan.text() }
    }

    pub(super) fn publish(&self, round: u32, record: &PlanningEntry) -> Step {
        Step::Publish(Box::new(draft::<PlanningState>(&self.run.state.id, round, record)))
    }

    /// Ends the run, with a note about voters of the coder's vendor.
    pub(super) fn end(&self, conclusion: Conclusion) -> Next {
        Next::End(conclusion.reworded(|message| self.pass().with_dependence(message)))
    }

    /// Continues with a result, or ends the run.
    pub(super) fn unless_over<T>(&self, result: Result<T, Conclusion>) -> Decision<T> {
        match result {
            Ok(value) => ControlFlow::Continue(value),
            Err(conclusion) => ControlFlow::Break(self.end(conclusion)),
        }
    }
}
