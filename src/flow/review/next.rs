//! The next step of a review: one decision per function, in the order in which they are taken.

use jiff::Timestamp;

use crate::domain::agent::Role;
use crate::domain::ending::{Blocked, Ending, Failed, NeedsHuman, Parked, Refused};
use crate::domain::failure::TurnFailure;
use crate::domain::ids::{GateName, Label};
use crate::domain::item::{Author, Item};
use crate::domain::policy::{AfterApproval, OnReviewerFailure};
use crate::domain::pull_request::PullRequestState;
use crate::domain::roster::Seat;
use crate::domain::turn::TurnKey;
use crate::ledger::payload::{Concluded, EarlierVotes, Opened};
use crate::ledger::record::Payload;
use crate::ledger::replay::Continuity;
use crate::protocol::requirements;

use super::super::observed::{Lineage, Obstacle, ReviewObserved, TurnEnd};
use super::super::request::{Recorded, Terms};
use super::super::run_effect::{self, RunEffect};
use super::super::step::{Step, publish};
use super::reviewers::{self, Asking, Means, Place, Round};
use super::state::{ReviewState, Run};

/// The next step of a review.
pub fn next(state: &ReviewState, seen: &ReviewObserved<'_>) -> Step {
    if let Some(step) = closed_pull_request(state, seen) {
        return step;
    }
    let recorded = state.run.as_ref().map_or(Recorded::Nothing, Run::recorded);
    let terms = match seen.common.request.terms(recorded) {
        Ok(terms) => terms,
        Err(error) => return refuse(Refused::Usage, error.to_string()),
    };
    if let Some(lacking) = seen.common.abilities.lacking(&terms) {
        return refuse(Refused::Config, lacking);
    }
    if let Some(step) = terms_to_publish(state, seen, terms) {
        return step;
    }
    match &state.run {
        Some(run) => {
            let review = Review { state, run, seen };
            review.within_budget(review.step())
        }
        None => refuse(Refused::Usage, "no run was opened".to_owned()),
    }
}

fn refuse(reason: Refused, message: String) -> Step {
    Step::Stop { ending: Ending::Refused { reason }, message }
}

/// A pull request that can't change any more ends the run, whoever merged or closed it.
fn closed_pull_request(state: &ReviewState, seen: &ReviewObserved<'_>) -> Option<Step> {
    let number = seen.pull_request.number;
    match &seen.pull_request.state {
        PullRequestState::Open => None,
        PullRequestState::Closed => Some(refuse(
            Refused::ClosedSubject,
            format!("pull request {number} is closed; reopen it, then run the same command again"),
        )),
        PullRequestState::Merged { commit } => {
            let merged = Ending::Merged { commit: commit.clone() };
            let Some(run) = &state.run else {
                return Some(refuse(
                    Refused::ClosedSubject,
                    format!("pull request {number} is merged already"),
                ));
            };
            let ours = run.is_open() && run.terms.policy.after_approval == AfterApproval::Merge;
            let review = Review { state, run, seen };
            if ours && review.is_approved() {
                Some(
                    review.conclude(merged, format!("approved by everyone and merged as {}", commit.short())),
                )
            } else if run.ending == Some(merged.clone()) {
                Some(Step::Stop {
                    ending: merged,
                    message: format!("pull request {number} is merged already"),
                })
            } else {
                Some(refuse(
                    Refused::ClosedSubject,
                    format!("pull request {number} was merged by somebody else"),
                ))
            }
        }
    }
}

/// Opens a run, or publishes its new terms. A closed approval of this very head is left alone.
fn terms_to_publish(state: &ReviewState, seen: &ReviewObserved<'_>, terms: Terms) -> Option<Step> {
    let broken = seen.common.continuity == Continuity::Broken;
    let open = state.run.as_ref().filter(|run| run.is_open());
    let run = match (open, &state.run) {
        (Some(run), _) if run.terms == terms && !broken => return None,
        (Some(run), _) => run.id.clone(),
        (None, Some(run)) if run.terms == terms && !broken && is_settled(state, run, seen) => {
            let message = format!("approved already, at {}", seen.pull_request.head.short());
            return Some(Step::Stop { ending: Ending::Approved, message });
        }
        (None, _) => seen.common.fresh_run.clone(),
    };
    let opened = Opened {
        base_ref: seen.pull_request.base_ref.clone(),
        head: seen.pull_request.head.clone(),
        delivered: seen.delivered.clone().filter(|head| *head == seen.pull_request.head),
        roster: terms.roster,
        policy: terms.policy,
        votes: if broken { EarlierVotes::AskedAnew } else { EarlierVotes::Stand },
        spent: Some(seen.spent).filter(|spent| state.run.is_none() && spent.calls > 0),
        carried: if state.run.is_none() { seen.older.clone() } else { None },
    };
    Some(publish(&run, state.round.max(1), Payload::Opened(opened)))
}

fn is_settled(state: &ReviewState, run: &Run, seen: &ReviewObserved<'_>) -> bool {
    let required = requirements::expected(seen.common.requirements).ids;
    run.ending == Some(Ending::Approved)
        && state.head.as_ref() == Some(&seen.pull_request.head)
        && state.votes().iter().all(|vote| required.iter().all(|id| vote.requirements.contains(id)))
}

/// An open run with its terms set.
pub(super) struct Review<'state, 'seen> {
    pub(super) state: &'state ReviewState,
    pub(super) run: &'state Run,
    pub(super) seen: &'seen ReviewObserved<'seen>,
}

impl Review<'_, '_> {
    fn step(&self) -> Step {
        if let Some(step) = self.coder_has_pushed() {
            return step;
        }
        if self.state.head.as_ref() == Some(&self.seen.pull_request.head) {
            self.at_known_head()
        } else {
            self.at_moved_head()
        }
    }

    /// A head that equals a journaled commit is ours: its answer is published.
    fn coder_has_pushed(&self) -> Option<Step> {
        let head = &self.seen.pull_request.head;
        let of_this_round = |key: &&TurnKey| {
            key.run == self.run.id && key.role == Role::Coder && key.round == self.state.round
        };
        let results = &self.seen.common.results.turns;
        let (key, _) = results.iter().find(|(key, turn)| {
            let made = match &turn.end {
                TurnEnd::Answered { commit, .. } => commit.as_ref(),
                TurnEnd::Failed { .. } => None,
            };
            of_this_round(key) && made == Some(head)
        })?;
        Some(self.coder_question(&self.coder_ask(key.clone())))
    }

    fn at_known_head(&self) -> Step {
        if self.state.unchanged_answers >= 2 {
            return self.blocked(
                Blocked::NoChange,
                "the coder left the head as it was, twice in a row, with items left to fix".to_owned(),
            );
        }
        let place = self.here();
        if !self.state.round_has_begun() {
            return self.fresh_round(&place);
        }
        if self.state.red_gate { self.coder(&place) } else { self.reviewers(&place) }
    }

    /// A round in which nothing was said yet: the tests first, if they are due, then the reviewers.
    fn fresh_round(&self, place: &Place) -> Step {
        self.pre_review_gate(place).unwrap_or_else(|| self.reviewers(place))
    }

    /// Somebody else pushed: what was answered on the old head is published, then the round goes on with the new one.
    fn at_moved_head(&self) -> Step {
        let head = &self.seen.pull_request.head;
        if self.seen.lineage == Lineage::Rewritten {
            let message = "the branch no longer contains the loop's own commits; they are kept in salvage (see `agent-loop status`). \
                 Look at the branch, then run the same command again to review it as it is";
            return self.conclude(Ending::NeedsHuman { reason: NeedsHuman::Rewritten }, message.to_owned());
        }
        if let Some(old) = self.state.head.clone() {
            let place = Place { round: self.state.round, head: old };
            match reviewers::next(self.state, self.run, &place, self.means(Asking::Over)) {
                Round::Publish(review) => return publish(&self.run.id, place.round, Payload::Review(review)),
                Round::Running => return Step::Await,
                Round::Ask(_) | Round::Settled { .. } => {}
            }
        }
        let here = Place { round: self.state.round, head: head.clone() };
        if !self.state.round_has_begun() {
            return self.fresh_round(&here);
        }
        if self.left_to_fix(&here).is_empty() {
            let next = Place { round: here.round + 1, head: here.head };
            if next.round > self.run.terms.policy.max_rounds {
                return self.blocked(
                    Blocked::Rounds,
                    "the maximum of rounds is reached, and the head has moved again".to_owned(),
                );
            }
            return self.fresh_round(&next);
        }
        self.coder(&here)
    }

    pub(super) fn means(&self, asking: Asking) -> Means<'_> {
        let common = &self.seen.common;
        let (results, persistence) = (common.results, &common.request.persistence);
        Means { results, persistence, requirements: common.requirements, asking }
    }

    fn here(&self) -> Place {
        Place { round: self.state.round, head: self.seen.pull_request.head.clone() }
    }

    fn reviewers(&self, place: &Place) -> Step {
        let asking = Asking::Allowed(self.seen.common.request.reviewing);
        match reviewers::next(self.state, self.run, place, self.means(asking)) {
            Round::Publish(review) => publish(&self.run.id, place.round, Payload::Review(review)),
            Round::Ask(asks) => Step::Ask(asks),
            Round::Running => Step::Await,
            Round::Settled { failed } => self.after_reviews(place, &failed),
        }
    }

    fn after_reviews(&self, place: &Place, failed: &[(Label, TurnFailure)]) -> Step {
        if let Some(step) = self.stopped_by(failed) {
            return step;
        }
        let must_fix = self.left_to_fix(place);
        let stop =
            self.run.terms.policy.on_reviewer_failure == OnReviewerFailure::Stop || must_fix.is_empty();
        if !failed.is_empty() && stop {
            let who: Vec<String> =
                failed.iter().map(|(label, failure)| format!("`{label}` {failure}")).collect();
            return self.conclude(Ending::Failed { reason: Failed::ReviewerUnavailable }, who.join("; "));
        }
        if let Some(step) = self.judged_disputes(place, &must_fix) {
            return step;
        }
        if !must_fix.is_empty() {
            self.coder(place)
        } else if self.is_required_since(place) {
            self.another_round(place)
        } else {
            self.final_gates(place)
        }
    }

    /// Whether everyone approves, and somebody has asked for something since.
    fn is_required_since(&self, place: &Place) -> bool {
        let seats = self.run.terms.roster.reviewers();
        let everyone_approved = seats.iter().all(|seat| self.state.approves(seat, &place.head, &[]));
        everyone_approved && !self.everyone_approves(place)
    }

    /// The reviewers once more on the same head, with what was asked for since.
    fn another_round(&self, place: &Place) -> Step {
        let next = Place { round: place.round + 1, head: place.head.clone() };
        if next.round > self.run.terms.policy.max_rounds {
            let message = "the maximum of rounds is reached, and somebody has asked for something since";
            return self.blocked(Blocked::Rounds, message.to_owned());
        }
        self.reviewers(&next)
    }

    /// A used-up allowance or a secret ends the run, whatever the others said.
    fn stopped_by(&self, failed: &[(Label, TurnFailure)]) -> Option<Step> {
        let ends = |(label, failure): &(Label, TurnFailure)| match run_effect::of(failure) {
            RunEffect::Park { resets_at, reason } => {
                Some(self.parked((label, Role::Reviewer), resets_at, reason))
            }
            RunEffect::Secret => {
                let ending = Ending::NeedsHuman { reason: NeedsHuman::Secret };
                Some(self.conclude(ending, format!("`{label}` {failure}")))
            }
            RunEffect::Unavailable => None,
        };
        failed.iter().find_map(ends)
    }

    /// A dispute is judged once, by the review after it; still must-fix, a person decides.
    fn judged_disputes(&self, place: &Place, must_fix: &[Item]) -> Option<Step> {
        let lost: Vec<String> = must_fix
            .iter()
            .filter_map(|item| {
                let dispute = item.dispute.as_ref().filter(|dispute| dispute.round < place.round)?;
                let reviewer = item.notes.last().map_or(item.text.as_str(), |note| note.text.as_str());
                Some(format!(
                    "{}: the coder says “{}”, {} says “{reviewer}”",
                    item.id, dispute.evidence, item.author
                ))
            })
            .collect();
        let ending = Ending::NeedsHuman { reason: NeedsHuman::Dispute };
        (!lost.is_empty()).then(|| self.conclude(ending, lost.join("; ")))
    }

    /// What somebody has to fix: without the items of gates that have not been measured on this head yet.
    fn left_to_fix(&self, place: &Place) -> Vec<Item> {
        let measured_here = |item: &Item| match &item.author {
            Author::Reviewer(_) => true,
            Author::Gate(gate) => self.state.measurement(gate).is_some_and(|one| one.head == place.head),
        };
        self.must_fix(place).into_iter().filter(measured_here).collect()
    }

    pub(super) fn must_fix(&self, place: &Place) -> Vec<Item> {
        self.state.items_from(&place.head).into_iter().filter(Item::must_fix).collect()
    }

    pub(super) fn everyone_approves(&self, place: &Place) -> bool {
        let required = requirements::expected(self.seen.common.requirements).ids;
        let seats = self.run.terms.roster.reviewers();
        seats.iter().all(|seat| self.state.approves(seat, &place.head, &required))
    }

    pub(super) fn approved(&self, place: &Place) -> Step {
        if let Some(step) = self.follow_up(place) {
            return step;
        }
        match (self.run.terms.policy.after_approval, self.seen.common.obstacle) {
            (AfterApproval::Merge, Some(Obstacle::MergeConflict(detail))) => {
                let message = format!("approved by everyone, but the merge needs a person: {detail}");
                self.conclude(Ending::NeedsHuman { reason: NeedsHuman::Merge }, message)
            }
            (AfterApproval::Merge, Some(Obstacle::PushRefused(_)) | None) => {
                Step::Merge { head: place.head.clone() }
            }
            (AfterApproval::Leave, _) => {
                let message = format!("approved by everyone, at {}", place.head.short());
                self.conclude(Ending::Approved, message)
            }
        }
    }

    /// Whether the head at this instant has everything that an approval takes.
    fn is_approved(&self) -> bool {
        let place = self.here();
        let needs_tests = self.run.terms.policy.required_gates.contains(&GateName::tests());
        self.state.head.as_ref() == Some(&place.head)
            && self.must_fix(&place).is_empty()
            && self.everyone_approves(&place)
            && (!needs_tests || self.tests_passed(&place))
    }

    pub(super) fn blocked(&self, reason: Blocked, message: String) -> Step {
        self.conclude(Ending::Blocked { reason }, message)
    }

    pub(super) fn parked(&self, who: (&Label, Role), resets_at: Timestamp, reason: Parked) -> Step {
        let message = run_effect::parked(who, resets_at, self.seen.common.now);
        self.conclude(Ending::Parked { resets_at, reason }, message)
    }

    /// The message, with the voters of the coder's vendor named.
    fn with_dependence(&self, message: String) -> String {
        let votes = self.state.votes();
        let spoke = |seat: &&Seat| votes.iter().any(|vote| vote.agent == seat.label);
        let dependent = self.run.terms.roster.dependent_reviewers().filter(spoke);
        let who: Vec<String> = dependent.map(|seat| format!("`{}`", seat.label)).collect();
        let (subject, verb) = match who.as_slice() {
            [] => return message,
            [one] => (format!("reviewer {one}"), "is"),
            [..] => (format!("reviewers {}", who.join(" and ")), "are"),
        };
        let message = message.trim_end_matches('.');
        format!("{message}. Not independent: the {subject} {verb} of the same vendor as the coder")
    }

    pub(super) fn conclude(&self, ending: Ending, message: String) -> Step {
        let concluded = Concluded {
            ending,
            head: Some(self.seen.pull_request.head.clone()),
            votes: self.state.votes(),
            gates: self.state.measurements(),
            rounds: self.state.round,
            usage: self.usage(),
            message: self.with_dependence(message),
        };
        publish(&self.run.id, self.state.round, Payload::Concluded(concluded))
    }
}
