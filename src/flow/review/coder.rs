//! The coder's turn in a review: what it is shown, what becomes of its answer, in which order its work gets out.

use crate::domain::agent::{ResponseKind, Role};
use crate::domain::ending::{Blocked, Ending, Failed, NeedsHuman, Refused};
use crate::domain::failure::TurnFailure;
use crate::domain::ids::Label;
use crate::domain::item::Item;
use crate::domain::item_status::ItemStatus;
use crate::domain::turn::TurnKey;
use crate::ledger::codec;
use crate::ledger::payload::Answered as AnsweredRecord;
use crate::ledger::record::Payload;
use crate::protocol::expectation::Expectation;
use crate::protocol::kinds::coder_followup::CoderFollowup;

use super::super::observed::Obstacle;
use super::super::question::{Answered, Question, QuestionState};
use super::super::retry::Tries;
use super::super::run_effect::{self, RunEffect};
use super::super::step::{self, Ask, Purpose, PushOrder, Step, publish};
use super::next::Review;
use super::reviewers::Place;

impl Review<'_, '_> {
    pub(super) fn coder(&self, place: &Place) -> Step {
        let policy = &self.run.terms.policy;
        if place.round >= policy.max_rounds {
            let left = step::list(self.must_fix(place).into_iter().map(|item| item.id));
            return self.blocked(
                Blocked::Rounds,
                format!("round {} was the last, and there is still something to fix: {left}", place.round),
            );
        }
        let ask = self.coder_ask(self.coder_key(place));
        self.coder_question(&ask)
    }

    /// What becomes of the coder's turn: its work is pushed first, then its answer is published.
    pub(super) fn coder_question(&self, ask: &Ask) -> Step {
        let common = &self.seen.common;
        let question = Question { ask, results: common.results, persistence: &common.request.persistence };
        match question.standing::<CoderFollowup>() {
            QuestionState::Ask(ask) => Step::Ask(vec![*ask]),
            QuestionState::Running => Step::Await,
            QuestionState::Failed(failure) => self.coder_failed(&ask.key.label, &failure),
            QuestionState::Answered(answered) => self.coder_answered(&ask.key, *answered),
        }
    }

    pub(super) fn coder_key(&self, place: &Place) -> TurnKey {
        TurnKey {
            run: self.run.id.clone(),
            sitting: self.run.sitting,
            round: place.round,
            role: Role::Coder,
            label: self.run.terms.roster.coder().label.clone(),
            kind: ResponseKind::CoderFollowup,
            head: place.head.clone(),
            clarifications: 0,
            again: 0,
            retry: 0,
        }
    }

    pub(super) fn shown_to_coder(&self, key: &TurnKey) -> Vec<Item> {
        let items = self.state.items_from(&key.head).into_iter();
        items.filter(|item| item.standing != ItemStatus::Resolved).collect()
    }

    pub(super) fn coder_expectation(&self, key: &TurnKey) -> Expectation {
        let is_on_roster = |label: &Label| self.run.terms.roster.reviewer(label).is_some();
        let shown = step::shown_items(&self.shown_to_coder(key), is_on_roster);
        let common = &self.seen.common;
        Expectation {
            shown,
            ledger: self.state.completeness,
            requirements: common.results.surfaced(key, common.requirements),
            ..Expectation::bare(ResponseKind::CoderFollowup)
        }
    }

    pub(super) fn coder_ask(&self, key: TurnKey) -> Ask {
        Ask {
            shown: self.shown_to_coder(&key),
            expectation: self.coder_expectation(&key),
            requirements: self.seen.common.requirements.clone(),
            branch: Some(self.seen.pull_request.head_ref.clone()),
            max_rounds: self.run.terms.policy.max_rounds,
            clarifications: Vec::new(),
            summary: self.state.summary.clone(),
            published_turns: self.state.published_turns(Role::Coder, &key.label),
            purpose: Purpose::Work,
            model: self.run.terms.roster.coder().model.clone(),
            pause: None,
            tries: Tries::default(),
            unfinished: None,
            followups: self.run.terms.policy.followups,
            key,
        }
    }

    fn coder_answered(&self, key: &TurnKey, answered: Answered<CoderFollowup>) -> Step {
        let head = &self.seen.pull_request.head;
        let made = answered.commit.unwrap_or_else(|| head.clone());
        let record = AnsweredRecord {
            agent: key.label.clone(),
            head_before: key.head.clone(),
            head_after: made.clone(),
            response: answered.reading.said,
            normalisations: answered.reading.normalisations,
            repairs: answered.repairs,
            usage: answered.usage,
            model: answered.model,
        };
        let payload = Payload::Answer(Box::new(record));
        // Looked at before the push: work that stands without a word about it would be done again, on and on.
        if let Err(error) = codec::fits(&payload) {
            let failure = TurnFailure::Malformed { complaints: vec![format!("too long: {error}")] };
            return self.coder_failed(&key.label, &failure);
        }
        if made == *head {
            return publish(&self.run.id, key.round, payload);
        }
        self.push(PushOrder {
            branch: self.seen.pull_request.head_ref.clone(),
            commit: made,
            expected: Some(key.head.clone()),
        })
    }

    pub(super) fn push(&self, order: PushOrder) -> Step {
        match self.seen.common.obstacle {
            Some(Obstacle::PushRefused(why)) => {
                Step::Stop { ending: Ending::Refused { reason: Refused::Dirty }, message: why.clone() }
            }
            Some(Obstacle::MergeConflict(_)) | None => Step::Push(order),
        }
    }

    /// Where the log is was told when the turn failed: a path of this machine has no place in a record.
    pub(super) fn coder_failed(&self, label: &Label, failure: &TurnFailure) -> Step {
        let message = format!("the coder `{label}` {failure}");
        match run_effect::of(failure) {
            RunEffect::Park { resets_at, reason } => self.parked((label, Role::Coder), resets_at, reason),
            RunEffect::Secret => self.conclude(Ending::NeedsHuman { reason: NeedsHuman::Secret }, message),
            RunEffect::Unavailable => self.conclude(Ending::Failed { reason: Failed::AgentFailed }, message),
        }
    }
}
