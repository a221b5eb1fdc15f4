//! The reviewers of a plan: their questions, and the records of their answers.

use crate::domain::agent::{ResponseKind, Role};
use crate::ledger::envelope::Draft;
use crate::protocol::kinds::plan_review::PlanReview;

use super::super::ask::Ask;
use super::super::machine::draft;
use super::super::panel::{self, Asking, FailedSeat, Panel, Publishing};
use super::super::question::Answered;
use super::super::step::Decision;
use super::records::{PlanReviewRecord, PlanningEntry};
use super::seen::{OpenPlanning, PlanAt};
use super::state::PlanningState;

/// Polls the reviewers who are due at this point, and returns those whose turns failed.
pub(super) fn poll(seen: &OpenPlanning<'_>, at: &PlanAt) -> Decision<Vec<FailedSeat>> {
    let pass = seen.pass();
    let shown = pass.shown(at);
    let key = |label| seen.key(Role::Reviewer, label, ResponseKind::PlanReview, at.round);
    let due = pass.due(at, &shown);
    let asks: Vec<Ask> = due.map(|seat| seen.ask(key(&seat.label), shown.clone(), seat)).collect();
    let record = |ask: &Ask, answered| record(seen, at, ask, answered);
    let pace = seen.cx.request.reviewing;
    let panel = Panel { asks: &asks, asking: Asking::Allowed, pace, publishing: Publishing::AsAnswered };
    panel::poll::<PlanReview>(seen.cx, panel, record)
}

fn record(seen: &OpenPlanning<'_>, at: &PlanAt, ask: &Ask, answered: Answered<PlanReview>) -> Draft {
    let (response, findings, given) = seen.pass().numbered(ask, answered);
    // A published nonce would be readable by other agents.
    let response = PlanReview { nonce: None, ..response };
    let record = PlanReviewRecord { plan: at.head.clone(), response, findings, given };
    let record = PlanningEntry::PlanReview(Box::new(record));
    Draft { from: Some(ask.key.clone()), ..draft::<PlanningState>(&seen.run.state.id, at.round, &record) }
}
