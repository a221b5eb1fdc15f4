//! The coder's turn in a review: its question, and the order in which its work and its answer are published.

use std::convert::Infallible;

use crate::domain::access::Access;
use crate::domain::agent::{ResponseKind, Role};
use crate::domain::ending::Blocked;
use crate::domain::failure::TurnFailure;
use crate::domain::ids::Label;
use crate::domain::item::Item;
use crate::domain::item_status::ItemStatus;
use crate::domain::nonce::Nonce;
use crate::domain::roster::Seat;
use crate::domain::turn::TurnKey;
use crate::ledger::body::Body;
use crate::ledger::codec;
use crate::ledger::envelope::Draft;
use crate::protocol::context::ContextSubject;
use crate::protocol::expectation::{Expectation, Voter};
use crate::protocol::kinds::coder_followup::CoderFollowup;

use super::super::ask::{Ask, Brief, shown_items};
use super::super::conclusion::Conclusion;
use super::super::machine::draft;
use super::super::question::{self, Answered};
use super::super::run_effect::{self, Who};
use super::super::step::{Decision, PushOrder, Step, first};
use super::conflicts;
use super::records::{AnswerRecord, ReviewEntry};
use super::seen::{OpenReview, ReviewAt};
use super::state::ReviewState;

/// Starts the coder's turn after a round.
pub(super) fn turn(seen: &OpenReview<'_>, at: &ReviewAt) -> Decision<Infallible> {
    let (against, required) = (seen.against(), &seen.run.terms.policy.required_gates);
    if let Some(why) = seen.gates(&against).hopeless(seen.cx, required, at, &seen.observed.pull.base_ref)? {
        return first(seen.end(Conclusion::blocked(Blocked::Gate, why)));
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
    TurnKey::first(seen.run.at(at.round), Role::Coder, label, ResponseKind::CoderFollowup, &at.head)
}

fn ask(seen: &OpenReview<'_>, key: TurnKey) -> Ask {
    let items = seen.state.rounds.items_from(&key.head).into_iter();
    let shown: Vec<Item> = items.filter(|item| item.status != ItemStatus::Resolved).collect();
    let ask = ask_about(seen, key, &shown, seen.run.terms.roster.coder());
    let branch = Some(seen.observed.pull.head_ref.clone());
    let merges = conflicts::to_merge(seen, &ask.key.head);
    Ask { access: Access::Edit, brief: Brief { branch, ..ask.brief }, merges, ..ask }
}

/// Creates the question to an agent about these items, with read access.
pub(super) fn ask_about(seen: &OpenReview<'_>, key: TurnKey, shown: &[Item], seat: &Seat) -> Ask {
    let is_on_roster = |label: &Label| seen.run.terms.roster.reviewer(label).is_some();
    let expectation = Expectation {
        shown: shown_items(shown, is_on_roster),
        ledger: seen.state.rounds.completeness(),
        requirements: seen.cx.results.surfaced(&key, &seen.observed.requirements),
        voter: key
            .kind
            .is_vote()
            .then(|| Voter { label: key.label.clone(), nonce: Nonce::of(seen.cx.nonce_secret, &key) }),
        ..Expectation::bare(key.kind)
    };
    let published_turns = seen.state.rounds.published_turns(key.role, &key.label);
    let brief = brief(seen, shown.to_vec());
    Ask { published_turns, ..Ask::first(key, Access::Read, brief, expectation, seat.model.clone()) }
}

fn brief(seen: &OpenReview<'_>, items: Vec<Item>) -> Brief {
    let pull = seen.observed.pull;
    let origin = seen.observed.origin.clone();
    Brief {
        task: origin.as_ref().map_or_else(|| pull.body.clone(), ContextSubject::text),
        origin,
        subject: ContextSubject {
            kind: "pr".to_owned(),
            number: Some(pull.number.0),
            title: pull.title.clone(),
            body: pull.body.clone(),
            comments: seen.observed.discussion.to_vec(),
        },
        against: seen.against(),
        items,
        requirements: seen.observed.requirements.clone(),
        gates: seen.state.measured.all().into_iter().filter(|one| one.head == pull.head).collect(),
        followups: seen.run.terms.policy.followups,
        branch: None,
        max_rounds: seen.run.terms.policy.max_rounds,
        clarifications: Vec::new(),
        summary: seen.state.summary.clone(),
        debate: None,
        plan: seen.observed.plan.reference(),
    }
}

fn answer(seen: &OpenReview<'_>, key: TurnKey, answered: Answered<CoderFollowup>) -> Decision<Infallible> {
    let head = &seen.observed.pull.head;
    let made = answered.commit.unwrap_or_else(|| head.clone());
    let record = AnswerRecord {
        agent: key.label.clone(),
        head_before: key.head.clone(),
        head_after: made.clone(),
        response: answered.reading.said,
        normalisations: answered.reading.normalisations,
        repairs: answered.repairs,
        usage: answered.usage,
        model: answered.model,
    };
    let record = ReviewEntry::Answer(Box::new(record));
    // This comes before the push: work on the branch without a record would be repeated forever.
    if let Err(error) = codec::fits(&Body::of(&record)) {
        let failure = TurnFailure::Malformed { complaints: vec![format!("too long: {error}")] };
        return failed(seen, key.label, &failure);
    }
    if made == *head {
        let draft = draft::<ReviewState>(&seen.run.id, key.round, &record);
        return first(Step::Publish(Box::new(Draft { from: Some(key), ..draft })));
    }
    let branch = seen.observed.pull.head_ref.clone();
    seen.cx.push(PushOrder { branch, commit: made, expected: Some(key.head) })
}

/// Ends the run after a failed turn. The log was reported when the turn failed: paths of this machine are never recorded.
fn failed(seen: &OpenReview<'_>, label: Label, failure: &TurnFailure) -> Decision<Infallible> {
    let who = Who { role: Role::Coder, label };
    first(seen.end(run_effect::fatal(&who, failure)))
}
