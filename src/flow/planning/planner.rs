//! The coder's turns in a planning: the first plan, its revisions, and the phases of an approved plan.

use std::convert::Infallible;

use crate::domain::agent::{ResponseKind, Role};
use crate::domain::failure::TurnFailure;
use crate::domain::ids::Label;
use crate::domain::plan::Plan;
use crate::domain::subject::Subject;
use crate::domain::turn::TurnKey;
use crate::ledger::chain::plan_hash;
use crate::ledger::envelope::Draft;
use crate::protocol::context::Clarification;
use crate::protocol::kinds::Kind;
use crate::protocol::kinds::plan_decomposition::PlanDecomposition;
use crate::protocol::kinds::plan_revision::PlanRevision;
use crate::protocol::kinds::plan_state::PlanState;

use super::super::ask::Ask;
use super::super::clarifying::{FinishedWork, FirstTurn};
use super::super::machine::{draft, too_long};
use super::super::question::{self, Answered};
use super::super::run_effect;
use super::super::step::{Decision, Step, first};
use super::records::{Decomposed, FiledPhase, PlanAnswer, PlanRecord, PlanningEntry};
use super::seen::{OpenPlanning, PlanAt};
use super::state::{CurrentPlan, PlanningState};

/// Asks for the first plan, and publishes it.
pub(super) fn first_plan(seen: &OpenPlanning<'_>) -> Decision<Infallible> {
    let seat = seen.run.terms.roster.coder();
    let key = seen.key(Role::Coder, &seat.label, ResponseKind::PlanState, 0);
    let ask = |key: TurnKey, answers: Vec<Clarification>| {
        let ask = seen.ask(key, Vec::new(), seat);
        Ask { brief: seen.brief(Vec::new(), answers), ..ask }
    };
    let (cx, run, subject) = (seen.cx, &seen.run.state, &Subject::Issue(seen.state.number));
    let turn = FirstTurn { cx, run, subject, key, ask };
    let FinishedWork { key, work, answered } = turn.finished::<PlanState, Plan>()?;
    publish(seen, key, &work, answered, |said| PlanAnswer::First(Box::new(said)))
}

/// Asks for a revision after a round, and publishes it.
pub(super) fn revise(seen: &OpenPlanning<'_>, at: &PlanAt) -> Decision<Infallible> {
    seen.unless_over(seen.pass().may_fix(at))?;
    let seat = seen.run.terms.roster.coder();
    let key = seen.key(Role::Coder, &seat.label, ResponseKind::PlanRevision, at.round);
    let ask = seen.ask(key, seen.pass().unresolved(&at.head), seat);
    match question::ask::<PlanRevision>(seen.cx, &ask)? {
        Ok(answered) => {
            let plan = answered.reading.meaning.plan.clone();
            publish(seen, ask.key, &plan, answered, |said| PlanAnswer::Revised(Box::new(said)))
        }
        Err(failure) => failed(seen, ask.key.label, &failure),
    }
}

/// Publishes a plan. The comment of a long one may be shortened; the record never is.
fn publish<K: Kind>(
    seen: &OpenPlanning<'_>,
    key: TurnKey,
    plan: &Plan,
    answered: Answered<K>,
    response: impl Fn(K) -> PlanAnswer,
) -> Decision<Infallible> {
    let (said, _, given) = answered.given_by(&key.label);
    let record = PlanRecord { plan: plan_hash(plan), response: response(said), given };
    answer(seen, key, &PlanningEntry::Plan(Box::new(record)))
}

/// Publishes a coder's answer, if it fits into a record.
fn answer(seen: &OpenPlanning<'_>, key: TurnKey, record: &PlanningEntry) -> Decision<Infallible> {
    if let Some(failure) = too_long(record) {
        return failed(seen, key.label, &failure);
    }
    let draft = draft::<PlanningState>(&seen.run.state.id, key.round, record);
    first(Step::Publish(Box::new(Draft { from: Some(key), ..draft })))
}

/// Asks for the phases of an approved plan, and publishes them before any issue is filed: another answer would be other
/// issues.
pub(super) fn decompose(seen: &OpenPlanning<'_>, at: &PlanAt, plan: &CurrentPlan) -> Decision<Infallible> {
    let seat = seen.run.terms.roster.coder();
    let key = seen.key(Role::Coder, &seat.label, ResponseKind::PlanDecomposition, at.round);
    let ask = seen.ask(key, Vec::new(), seat);
    let answered = match question::ask::<PlanDecomposition>(seen.cx, &ask)? {
        Ok(answered) => answered,
        Err(failure) => return failed(seen, ask.key.label, &failure),
    };
    let (said, meaning, given) = answered.given_by(&ask.key.label);
    let filed = |(phase, after)| FiledPhase { phase, after, issue: None };
    let phases = said.phases.into_iter().zip(meaning).map(filed).collect();
    let record = Decomposed { plan: plan.hash.clone(), phases, given };
    answer(seen, ask.key, &PlanningEntry::Decomposed(Box::new(record)))
}

/// Ends the run after a failed turn.
fn failed(seen: &OpenPlanning<'_>, label: Label, failure: &TurnFailure) -> Decision<Infallible> {
    first(seen.end(run_effect::fatal(label, failure)))
}
