//! The reviewers of a plan: their questions, and the records of their answers.

use crate::domain::agent::{ResponseKind, Role};
use crate::ledger::envelope::Draft;
use crate::protocol::answer::Reading;
use crate::protocol::kinds::plan_review::PlanReview;

use super::super::ask::Ask;
use super::super::machine::draft;
use super::super::panel::{self, Asking, FailedSeat, Panel, Publishing};
use super::super::question::Answered;
use super::super::review_pass::NumberedFindings;
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
    let Answered { mut reading, repairs, usage, model, commit: _ } = answered;
    let NumberedFindings { opened, next_item } = seen.pass().numbered(&mut reading);
    let Reading { said: response, meaning: judgement, normalisations, .. } = reading;
    let record = PlanReviewRecord {
        agent: ask.key.label.clone(),
        plan: at.head.clone(),
        // A published nonce would be readable by other agents.
        response: PlanReview { nonce: None, ..response },
        opened,
        dispositions: judgement.dispositions,
        next_item,
        requirements: ask.expectation.requirements.ids.clone(),
        normalisations,
        repairs,
        usage,
        model,
    };
    let record = PlanningEntry::PlanReview(Box::new(record));
    Draft { from: Some(ask.key.clone()), ..draft::<PlanningState>(&seen.run.state.id, at.round, &record) }
}
