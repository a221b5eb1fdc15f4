//! The coder's first turn: its question, its result, and the coder's questions to a person.

use std::ops::ControlFlow;

use crate::domain::access::Access;
use crate::domain::agent::{ResponseKind, Role};
use crate::domain::ids::CommitSha;
use crate::domain::plan::PlanReference;
use crate::domain::requirement::Requirements;
use crate::domain::subject::Subject;
use crate::domain::turn::TurnKey;
use crate::protocol::context::{Clarification, ContextSubject};
use crate::protocol::expectation::Expectation;
use crate::protocol::kinds::implementation::{Implementation, Implemented};

use super::super::ask::{Against, Ask, Brief};
use super::super::clarifying::{FinishedWork, FirstTurn};
use super::super::context::FlowContext;
use super::super::given::Given;
use super::super::results::{Results, TurnEnd};
use super::super::step::Decision;
use super::state::DeliveryRun;

/// An open run without a pull request.
pub(super) struct OpenDelivery<'now> {
    pub(super) cx: &'now FlowContext<'now>,
    pub(super) run: &'now DeliveryRun,
    pub(super) subject: ContextSubject,
    pub(super) requirements: Requirements,
    /// The approved plan of the change.
    pub(super) plan: Option<PlanReference>,
    /// The tip of the branch, if it exists: work that another machine pushed.
    pub(super) tip: Option<&'now CommitSha>,
}

/// The coder's work.
pub(super) struct Made {
    /// The commit from which the coder started.
    pub(super) before: CommitSha,
    pub(super) title: String,
    pub(super) body: String,
    pub(super) commit: Option<CommitSha>,
    pub(super) answer: Given,
}

/// Returns the coder's work, or the step that leads there.
pub(super) fn work(work: &OpenDelivery<'_>, subject: &Subject) -> Decision<Made> {
    let run = &work.run.state;
    let head = work.tip.unwrap_or(&work.run.base);
    let label = &work.run.terms.roster.coder().label;
    let key = TurnKey::first(run.at(0), Role::Coder, label, ResponseKind::Implementation, head);
    let ask = |key, answers| ask(work, key, answers);
    let FinishedWork { key, work: done, answered } =
        FirstTurn { cx: work.cx, run, subject, key, ask }.finished::<Implementation, _>()?;
    let Implemented { title, body, .. } = done;
    let commit = answered.commit.clone();
    let (_, _, answer) = answered.given_by(&key.label);
    ControlFlow::Continue(Made { before: key.head, title, body, commit, answer })
}

fn ask(work: &OpenDelivery<'_>, key: TurnKey, clarifications: Vec<Clarification>) -> Ask {
    let terms = &work.run.terms;
    let expectation = Expectation {
        requirements: work.cx.results.surfaced(&key, &work.requirements),
        ..Expectation::bare(ResponseKind::Implementation)
    };
    let against = Against::Commit(work.run.base.clone());
    let brief = Brief {
        requirements: work.requirements.clone(),
        followups: terms.policy.followups,
        branch: Some(work.run.branch.clone()),
        clarifications,
        plan: work.plan.clone(),
        ..Brief::about(work.subject.clone(), against, terms.policy.max_rounds)
    };
    Ask::first(key, Access::Edit, brief, expectation, terms.roster.coder().model.clone())
}

/// Returns the coder's commit according to the journal.
pub(super) fn made(run: &DeliveryRun, results: &Results) -> Option<CommitSha> {
    let is_ours = |key: &TurnKey| key.run == run.state.id && key.kind == ResponseKind::Implementation;
    let made = |end: &TurnEnd| match end {
        TurnEnd::Answered { commit, .. } => commit.clone(),
        TurnEnd::Failed { .. } => None,
    };
    results.turns.iter().rev().filter(|(key, _)| is_ours(key)).find_map(|(_, turn)| made(&turn.end))
}
