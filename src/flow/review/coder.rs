//! The coder's turn in a review: its question, and the order in which its work and its answer are published.

use std::convert::Infallible;
use std::sync::Arc;

use crate::domain::access::Access;
use crate::domain::agent::{ResponseKind, Role};
use crate::domain::failure::TurnFailure;
use crate::domain::ids::Label;
use crate::domain::item::Item;
use crate::domain::turn::TurnKey;
use crate::ledger::envelope::Draft;
use crate::protocol::context::ContextSubject;
use crate::protocol::kinds::coder_followup::CoderFollowup;

use super::super::ask::{Ask, Brief};
use super::super::machine::{draft, too_long};
use super::super::question::{self, Answered};
use super::super::run_effect;
use super::super::step::{Decision, PushOrder, Step, first};
use super::conflicts;
use super::records::{AnswerRecord, ReviewEntry};
use super::seen::{OpenReview, ReviewAt};
use super::state::ReviewState;

/// Starts the coder's turn after a round.
pub(super) fn turn(seen: &OpenReview<'_>, at: &ReviewAt) -> Decision<Infallible> {
    let (against, required) = (seen.against(), &seen.run.terms.policy.required_gates);
    let base = &seen.observed.pull.base_ref;
    if let Some(conclusion) = seen.gates(&against).hopeless(seen.cx, required, at, base)? {
        return first(seen.end(conclusion));
    }
    seen.unless_over(seen.pass().may_fix(at))?;
    finish(seen, key(seen, at))
}

/// Finishes the coder's turn: pushes its work, then publishes its answer.
pub(super) fn finish(seen: &OpenReview<'_>, key: TurnKey) -> Decision<Infallible> {
    let ask = ask(seen, key);
    match question::ask::<CoderFollowup>(seen.cx, &ask)? {
        Ok(answered) => answer(seen, ask.key, answered),
        Err(failure) => failed(seen, ask.key.label, &failure),
    }
}

fn key(seen: &OpenReview<'_>, at: &ReviewAt) -> TurnKey {
    let label = &seen.run.terms.roster.coder().label;
    TurnKey::first(seen.run.state.at(at.round), Role::Coder, label, ResponseKind::CoderFollowup, &at.head)
}

fn ask(seen: &OpenReview<'_>, key: TurnKey) -> Ask {
    let shown = seen.pass().unresolved(&key.head);
    let branch = Some(seen.observed.pull.head_ref.clone());
    let brief = Brief { branch, ..brief(seen, shown) };
    let merges = conflicts::to_merge(seen, &key.head);
    let ask = seen.pass().ask(seen.cx, key, brief, seen.run.terms.roster.coder());
    Ask { access: Access::Edit, merges, ..ask }
}

/// Creates the input for a prompt about these items.
pub(super) fn brief(seen: &OpenReview<'_>, items: Vec<Item>) -> Brief {
    let (pull, policy) = (seen.observed.pull, &seen.run.terms.policy);
    let subject = ContextSubject {
        kind: "pr".to_owned(),
        number: Some(pull.number.0),
        title: pull.title.clone(),
        body: pull.body.clone(),
        comments: Arc::clone(seen.observed.discussion),
    };
    let origin = seen.observed.origin.clone();
    Brief {
        task: origin.as_ref().map_or_else(|| pull.body.clone(), ContextSubject::text),
        origin,
        items,
        requirements: seen.observed.requirements.clone(),
        gates: seen.state.measured.all().into_iter().filter(|one| one.head == pull.head).collect(),
        followups: policy.followups,
        summary: seen.state.summary.clone(),
        plan: seen.observed.plan.reference(),
        ..Brief::about(subject, seen.against(), policy.max_rounds)
    }
}

fn answer(seen: &OpenReview<'_>, key: TurnKey, answered: Answered<CoderFollowup>) -> Decision<Infallible> {
    let head = &seen.observed.pull.head;
    let made = answered.commit.clone().unwrap_or_else(|| head.clone());
    let (response, _, given) = answered.given_by(&key.label);
    let record = AnswerRecord { head_before: key.head.clone(), head_after: made.clone(), response, given };
    let record = ReviewEntry::Answer(Box::new(record));
    // This comes before the push: work on the branch without a record would be repeated forever.
    if let Some(failure) = too_long(&record) {
        return failed(seen, key.label, &failure);
    }
    if made == *head {
        let draft = draft::<ReviewState>(&seen.run.state.id, key.round, &record);
        return first(Step::Publish(Box::new(Draft { from: Some(key), ..draft })));
    }
    let branch = seen.observed.pull.head_ref.clone();
    seen.cx.push(PushOrder { branch, commit: made, expected: Some(key.head) })
}

/// Ends the run after a failed turn. The log was reported when the turn failed: paths of this machine are never recorded.
fn failed(seen: &OpenReview<'_>, label: Label, failure: &TurnFailure) -> Decision<Infallible> {
    first(seen.end(run_effect::fatal(label, failure)))
}
