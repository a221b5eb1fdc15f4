//! The next step of a review: one decision per function, in the order in which they are taken.

use jiff::{SignedDuration, Timestamp};

use crate::domain::agent::{ResponseKind, Role};
use crate::domain::disposition::Standing;
use crate::domain::ending::{Blocked, Ending, Failed, NeedsHuman, Refused};
use crate::domain::failure::TurnFailure;
use crate::domain::gate::{Measurement, Verdict};
use crate::domain::ids::{GateName, ItemId, Label};
use crate::domain::item::{Item, OpenedItem};
use crate::domain::policy::{AfterApproval, OnReviewerFailure, TestTiming};
use crate::domain::pull_request::{CheckState, PullRequestState};
use crate::domain::turn::TurnKey;
use crate::ledger::payload::{Answered, Concluded, EarlierVotes, Gates, Opened};
use crate::ledger::record::Payload;
use crate::ledger::replay::Continuity;
use crate::protocol::answer::{self, Answer};
use crate::protocol::expectation::Expectation;

use super::super::observed::{Lineage, Obstacle, ReviewObserved, TurnEnd, passed};
use super::super::request::Terms;
use super::super::step::{self, Ask, Measure, PushOrder, Step, publish};
use super::items;
use super::reviewers::{self, Asking, Place, Round};
use super::state::{ReviewState, Run};

/// The next step of a review.
pub fn next(state: &ReviewState, seen: &ReviewObserved<'_>) -> Step {
    if let Some(step) = closed_pull_request(state, seen) {
        return step;
    }
    let recorded = state.run.as_ref().map(|run| &run.terms);
    let terms = match seen.common.request.terms(recorded) {
        Ok(terms) => terms,
        Err(error) => return refuse(Refused::Usage, error.to_string()),
    };
    if let Some(step) = unable(seen, &terms).or_else(|| terms_to_publish(state, seen, terms)) {
        return step;
    }
    match &state.run {
        Some(run) => Review { state, run, seen }.step(),
        None => refuse(Refused::Usage, "no run was opened".to_owned()),
    }
}

fn refuse(reason: Refused, message: String) -> Step {
    Step::Stop {
        ending: Ending::Refused { reason },
        message,
    }
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
            let merged = Ending::Merged {
                commit: commit.clone(),
            };
            let Some(run) = &state.run else {
                return Some(refuse(
                    Refused::ClosedSubject,
                    format!("pull request {number} is merged already"),
                ));
            };
            let ours = run.is_open() && run.terms.policy.after_approval == AfterApproval::Merge;
            let review = Review { state, run, seen };
            if ours && review.is_approved() {
                Some(review.conclude(
                    merged,
                    format!("approved by everyone and merged as {}", commit.short()),
                ))
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

/// What this machine lacks to go on, said before anything is begun.
fn unable(seen: &ReviewObserved<'_>, terms: &Terms) -> Option<Step> {
    let abilities = seen.common.abilities;
    let missing = |role: Role, label: &Label| !abilities.agents.contains(&(role, label.clone()));
    let coder = &terms.roster.coder().label;
    if missing(Role::Coder, coder) {
        let message = format!(
            "this machine does not know how to start the coder `{coder}`; name it: `--coder {coder}=command:PATH`"
        );
        return Some(refuse(Refused::Config, message));
    }
    if let Some(seat) = terms
        .roster
        .reviewers()
        .iter()
        .find(|seat| missing(Role::Reviewer, &seat.label))
    {
        let label = &seat.label;
        let message = format!(
            "this machine does not know how to start the reviewer `{label}`; name it: `--reviewer {label}=command:PATH`"
        );
        return Some(refuse(Refused::Config, message));
    }
    let needs_tests = terms.policy.required_gates.contains(&GateName::tests());
    (needs_tests && abilities.test_command.is_none()).then(|| {
        let message = "this run requires tests, and this machine does not know the command; name it: `--test-command \"…\"`";
        refuse(Refused::Config, message.to_owned())
    })
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
            return Some(Step::Stop {
                ending: Ending::Approved,
                message,
            });
        }
        (None, _) => seen.common.fresh_run.clone(),
    };
    let opened = Opened {
        base_ref: seen.pull_request.base_ref.clone(),
        head: seen.pull_request.head.clone(),
        delivered: seen
            .delivered
            .clone()
            .filter(|head| *head == seen.pull_request.head),
        roster: terms.roster,
        policy: terms.policy,
        votes: if broken {
            EarlierVotes::AskedAnew
        } else {
            EarlierVotes::Stand
        },
    };
    Some(publish(&run, state.round.max(1), Payload::Opened(opened)))
}

fn is_settled(state: &ReviewState, run: &Run, seen: &ReviewObserved<'_>) -> bool {
    run.ending == Some(Ending::Approved) && state.head.as_ref() == Some(&seen.pull_request.head)
}

/// An open run with its terms set.
struct Review<'state, 'seen> {
    state: &'state ReviewState,
    run: &'state Run,
    seen: &'seen ReviewObserved<'seen>,
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
        let (key, turn) = results.iter().find(|(key, turn)| {
            let made = match &turn.end {
                TurnEnd::Answered { commit, .. } => commit.as_ref(),
                TurnEnd::Failed { .. } => None,
            };
            of_this_round(key) && made == Some(head)
        })?;
        Some(self.coder_answer(key, turn))
    }

    fn at_known_head(&self) -> Step {
        if self.state.unchanged_answers >= 2 {
            return self.blocked(
                Blocked::NoChange,
                "the coder left the head as it was, twice in a row, with items left to fix".to_owned(),
            );
        }
        let place = self.here();
        if let Some(step) = self.pre_review_gate(&place) {
            return step;
        }
        if self.state.red_gate {
            self.coder(&place)
        } else {
            self.reviewers(&place)
        }
    }

    /// Somebody else pushed: what was answered on the old head is published, then the round goes on with the new one.
    fn at_moved_head(&self) -> Step {
        let head = &self.seen.pull_request.head;
        if self.seen.lineage == Lineage::Rewritten {
            let message = "the branch no longer contains the loop's own commits; they are kept in salvage (see `agent-loop status`). \
                 Look at the branch, then run the same command again to review it as it is";
            return self.conclude(
                Ending::NeedsHuman {
                    reason: NeedsHuman::Rewritten,
                },
                message.to_owned(),
            );
        }
        if let Some(old) = self.state.head.clone() {
            let place = Place {
                round: self.state.round,
                head: old,
            };
            match reviewers::next(
                self.state,
                self.run,
                &place,
                self.seen.common.results,
                Asking::Over,
            ) {
                Round::Publish(review) => return publish(&self.run.id, place.round, Payload::Review(review)),
                Round::Running => return Step::Await,
                Round::Ask(_) | Round::Settled { .. } => {}
            }
        }
        let here = Place {
            round: self.state.round,
            head: head.clone(),
        };
        if !self.state.round_has_begun() {
            return self.reviewers(&here);
        }
        if self.must_fix(&here).is_empty() {
            let next = Place {
                round: here.round + 1,
                head: here.head,
            };
            if next.round > self.run.terms.policy.max_rounds {
                return self.blocked(
                    Blocked::Rounds,
                    "the maximum of rounds is reached, and the head has moved again".to_owned(),
                );
            }
            return self.reviewers(&next);
        }
        self.coder(&here)
    }

    fn here(&self) -> Place {
        Place {
            round: self.state.round,
            head: self.seen.pull_request.head.clone(),
        }
    }

    /// The test command on a head that the coder has just made, before reviewers spend time on it.
    fn pre_review_gate(&self, place: &Place) -> Option<Step> {
        let policy = &self.run.terms.policy;
        let wanted = policy.required_gates.contains(&GateName::tests())
            && policy.test_timing == TestTiming::BeforeReviewAndApproval
            && self.state.ours.as_ref() == Some(&place.head)
            && !self.state.round_has_begun();
        if !wanted
            || self
                .state
                .measurement(&GateName::tests())
                .is_some_and(|one| one.head == place.head)
        {
            return None;
        }
        Some(self.test_gate(place))
    }

    fn test_gate(&self, place: &Place) -> Step {
        let results = self.seen.common.results;
        let Some(measured) = results.measurement(&self.run.id, place.round, &place.head) else {
            let run = self.run.id.clone();
            return Step::Measure(Measure {
                run,
                round: place.round,
                head: place.head.clone(),
            });
        };
        match measured.verdict {
            Verdict::Pass | Verdict::Fail => self.gate_record(place, measured.clone()),
            Verdict::Inconclusive => {
                let message = format!("the test command could not be measured: {}", measured.detail);
                self.conclude(Ending::Inconclusive, message)
            }
        }
    }

    /// A red gate opens its item or says anew what is wrong; a green one resolves it.
    fn gate_record(&self, place: &Place, measured: Measurement) -> Step {
        let items = self.state.items();
        let open = items::open_item(&items, &measured.gate).map(|item| item.id.clone());
        let says = |id: ItemId| OpenedItem {
            id,
            standing: Standing::Blocking,
            text: red_text(&measured),
        };
        let next_item = self.state.next_item;
        let (opened, updated, resolved) = match (passed(&measured), open) {
            (true, open) => (Vec::new(), Vec::new(), Vec::from_iter(open)),
            (false, Some(id)) => (Vec::new(), vec![says(id)], Vec::new()),
            (false, None) => (vec![says(ItemId::numbered(next_item))], Vec::new(), Vec::new()),
        };
        let next_item = next_item + u64::try_from(opened.len()).unwrap_or(0);
        let head = place.head.clone();
        let gates = Gates {
            head,
            measurements: vec![measured],
            opened,
            updated,
            resolved,
            next_item,
        };
        publish(&self.run.id, place.round, Payload::Gates(gates))
    }

    fn reviewers(&self, place: &Place) -> Step {
        let asking = Asking::Allowed(self.seen.common.request.reviewing);
        match reviewers::next(self.state, self.run, place, self.seen.common.results, asking) {
            Round::Publish(review) => publish(&self.run.id, place.round, Payload::Review(review)),
            Round::Ask(asks) => Step::Ask(asks),
            Round::Running => Step::Await,
            Round::Settled { failed } => self.after_reviews(place, &failed),
        }
    }

    fn after_reviews(&self, place: &Place, failed: &[(Label, TurnFailure)]) -> Step {
        if let Some(resets_at) = failed.iter().find_map(|(_, failure)| quota(failure)) {
            return self.parked(resets_at);
        }
        let must_fix = self.must_fix(place);
        let stop =
            self.run.terms.policy.on_reviewer_failure == OnReviewerFailure::Stop || must_fix.is_empty();
        if !failed.is_empty() && stop {
            let who: Vec<String> = failed
                .iter()
                .map(|(label, failure)| format!("`{label}` {failure}"))
                .collect();
            return self.conclude(
                Ending::Failed {
                    reason: Failed::ReviewerUnavailable,
                },
                who.join("; "),
            );
        }
        if let Some(step) = self.judged_disputes(place, &must_fix) {
            return step;
        }
        if must_fix.is_empty() {
            self.final_gates(place)
        } else {
            self.coder(place)
        }
    }

    /// A dispute is judged once, by the review after it; still must-fix, a person decides.
    fn judged_disputes(&self, place: &Place, must_fix: &[Item]) -> Option<Step> {
        let lost: Vec<String> = must_fix
            .iter()
            .filter_map(|item| {
                let dispute = item
                    .dispute
                    .as_ref()
                    .filter(|dispute| dispute.round < place.round)?;
                let reviewer = item
                    .notes
                    .last()
                    .map_or(item.text.as_str(), |note| note.text.as_str());
                Some(format!(
                    "{}: the coder says “{}”, {} says “{reviewer}”",
                    item.id, dispute.evidence, item.author
                ))
            })
            .collect();
        let ending = Ending::NeedsHuman {
            reason: NeedsHuman::Dispute,
        };
        (!lost.is_empty()).then(|| self.conclude(ending, lost.join("; ")))
    }

    fn must_fix(&self, place: &Place) -> Vec<Item> {
        self.state
            .items_from(&place.head)
            .into_iter()
            .filter(Item::must_fix)
            .collect()
    }

    fn coder(&self, place: &Place) -> Step {
        let policy = &self.run.terms.policy;
        if place.round >= policy.max_rounds {
            let left = step::list(self.must_fix(place).into_iter().map(|item| item.id));
            return self.blocked(
                Blocked::Rounds,
                format!(
                    "after {} rounds there is still something to fix: {left}",
                    place.round
                ),
            );
        }
        let key = self.coder_key(place);
        let results = self.seen.common.results;
        match results.turn(&key) {
            Some(turn) => self.coder_answer(&key, &turn),
            None if results.running.contains(&key) => Step::Await,
            None => Step::Ask(vec![self.coder_ask(key)]),
        }
    }

    fn coder_key(&self, place: &Place) -> TurnKey {
        TurnKey {
            run: self.run.id.clone(),
            sitting: self.run.sitting,
            round: place.round,
            role: Role::Coder,
            label: self.run.terms.roster.coder().label.clone(),
            kind: ResponseKind::CoderFollowup,
            head: place.head.clone(),
            clarifications: 0,
        }
    }

    fn shown_to_coder(&self, key: &TurnKey) -> Vec<Item> {
        let items = self.state.items_from(&key.head).into_iter();
        items.filter(|item| item.standing != Standing::Resolved).collect()
    }

    fn coder_expectation(&self, key: &TurnKey) -> Expectation {
        let is_on_roster = |label: &Label| self.run.terms.roster.reviewer(label).is_some();
        let shown = step::shown_items(&self.shown_to_coder(key), is_on_roster);
        Expectation {
            kind: ResponseKind::CoderFollowup,
            shown,
        }
    }

    fn coder_ask(&self, key: TurnKey) -> Ask {
        Ask {
            shown: self.shown_to_coder(&key),
            expectation: self.coder_expectation(&key),
            branch: Some(self.seen.pull_request.head_ref.clone()),
            max_rounds: self.run.terms.policy.max_rounds,
            clarifications: Vec::new(),
            summary: self.state.summary.clone(),
            published_turns: self.state.published_turns(Role::Coder, &key.label),
            key,
        }
    }

    /// The coder's turn has ended: its work is pushed first, then its answer is published.
    fn coder_answer(&self, key: &TurnKey, turn: &super::super::observed::Turn) -> Step {
        let (text, commit) = match &turn.end {
            TurnEnd::Failed { failure, log } => {
                return self.coder_failed(&key.label, failure, log.as_deref());
            }
            TurnEnd::Answered { text, commit } => (text, commit),
        };
        let (response, reading) = match answer::read(text, &self.coder_expectation(key)) {
            Err(complaints) => {
                return self.coder_failed(&key.label, &reviewers::malformed(&complaints), None);
            }
            Ok(reading) => match reading.answer.clone() {
                Answer::CoderFollowup(said, _) => (said, reading),
                Answer::Implementation(..) | Answer::PrReview(..) => {
                    let message = "answered with another kind".to_owned();
                    let failure = TurnFailure::Malformed {
                        complaints: vec![message],
                    };
                    return self.coder_failed(&key.label, &failure, None);
                }
            },
        };
        let head = &self.seen.pull_request.head;
        if let Some(commit) = commit.as_ref().filter(|commit| *commit != head) {
            return self.push(PushOrder {
                branch: self.seen.pull_request.head_ref.clone(),
                commit: commit.clone(),
                expected: Some(key.head.clone()),
            });
        }
        let answered = Answered {
            agent: key.label.clone(),
            head_before: key.head.clone(),
            head_after: head.clone(),
            response,
            normalisations: reading.normalisations,
            usage: turn.usage,
            model: turn.model.clone(),
        };
        publish(&self.run.id, key.round, Payload::Answer(Box::new(answered)))
    }

    fn push(&self, order: PushOrder) -> Step {
        match self.seen.common.obstacle {
            Some(Obstacle::PushRefused(why)) => Step::Stop {
                ending: Ending::Refused {
                    reason: Refused::Dirty,
                },
                message: why.clone(),
            },
            Some(Obstacle::MergeConflict(_)) | None => Step::Push(order),
        }
    }

    fn coder_failed(&self, label: &Label, failure: &TurnFailure, log: Option<&str>) -> Step {
        if let Some(resets_at) = quota(failure) {
            return self.parked(resets_at);
        }
        let place = log.map_or_else(String::new, |log| format!("; its log is {log}"));
        let message = format!("the coder `{label}` {failure}{place}");
        self.conclude(
            Ending::Failed {
                reason: Failed::AgentFailed,
            },
            message,
        )
    }

    /// Everyone approved: the gates on that very head, then the end.
    fn final_gates(&self, place: &Place) -> Step {
        if !self.everyone_approves(place) {
            let message = "nothing is left to fix, and yet not everyone approves this head".to_owned();
            return self.conclude(
                Ending::Failed {
                    reason: Failed::ReviewerUnavailable,
                },
                message,
            );
        }
        if self.run.terms.policy.required_gates.contains(&GateName::tests()) && !self.tests_passed(place) {
            return self.test_gate(place);
        }
        self.ci_board(place)
    }

    fn everyone_approves(&self, place: &Place) -> bool {
        self.run
            .terms
            .roster
            .reviewers()
            .iter()
            .all(|seat| self.state.approves(seat, &place.head))
    }

    fn tests_passed(&self, place: &Place) -> bool {
        self.state
            .measurement(&GateName::tests())
            .is_some_and(|one| one.head == place.head && passed(one))
    }

    /// Red checks open an item like any gate; unfinished ones are awaited only for a merge.
    fn ci_board(&self, place: &Place) -> Step {
        let checks = &self.seen.pull_request.checks;
        let red: Vec<&str> = checks
            .iter()
            .filter(|check| check.state == CheckState::Failure)
            .map(|check| check.name.as_str())
            .collect();
        let known = self
            .state
            .measurement(&GateName::ci())
            .filter(|one| one.head == place.head);
        let open = items::open_item(&self.state.items(), &GateName::ci()).is_some();
        if !red.is_empty() && known.is_none_or(passed) {
            return self.gate_record(
                place,
                Self::ci(place, Verdict::Fail, format!("red checks: {}", red.join(", "))),
            );
        }
        if checks.iter().any(|check| check.state == CheckState::Pending) {
            return self.unfinished_board();
        }
        if open || (!checks.is_empty() && known.is_none()) {
            return self.gate_record(
                place,
                Self::ci(place, Verdict::Pass, format!("{} checks are green", checks.len())),
            );
        }
        self.approved(place)
    }

    fn ci(place: &Place, verdict: Verdict, detail: String) -> Measurement {
        Measurement {
            gate: GateName::ci(),
            head: place.head.clone(),
            tree: None,
            verdict,
            detail,
        }
    }

    fn unfinished_board(&self) -> Step {
        let common = &self.seen.common;
        let pending =
            "approved by everyone; the forge's checks are not finished. Run the same command again later"
                .to_owned();
        match self.run.terms.policy.after_approval {
            AfterApproval::Leave => self.conclude(Ending::ApprovedCiPending, pending),
            AfterApproval::Merge => {
                let since = common.waiting_since.unwrap_or(common.now);
                let deadline = after(since, common.request.ci_timeout_seconds);
                if common.now >= deadline {
                    return self.conclude(Ending::ApprovedCiPending, pending);
                }
                let until = after(common.now, common.request.ci_poll_seconds).min(deadline);
                Step::Wait {
                    what: "the forge's checks".to_owned(),
                    until,
                }
            }
        }
    }

    fn approved(&self, place: &Place) -> Step {
        match (self.run.terms.policy.after_approval, self.seen.common.obstacle) {
            (AfterApproval::Merge, Some(Obstacle::MergeConflict(detail))) => {
                let message = format!("approved by everyone, but the merge needs a person: {detail}");
                self.conclude(
                    Ending::NeedsHuman {
                        reason: NeedsHuman::Merge,
                    },
                    message,
                )
            }
            (AfterApproval::Merge, Some(Obstacle::PushRefused(_)) | None) => Step::Merge {
                head: place.head.clone(),
            },
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

    fn blocked(&self, reason: Blocked, message: String) -> Step {
        self.conclude(Ending::Blocked { reason }, message)
    }

    fn parked(&self, resets_at: Timestamp) -> Step {
        let message =
            format!("an agent's allowance is used up until {resets_at}; run the same command again then");
        self.conclude(Ending::Parked { resets_at }, message)
    }

    fn conclude(&self, ending: Ending, message: String) -> Step {
        let concluded = Concluded {
            ending,
            head: Some(self.seen.pull_request.head.clone()),
            votes: self.state.votes(),
            gates: self.state.measurements(),
            rounds: self.state.round,
            usage: self.run.usage,
            message,
        };
        publish(&self.run.id, self.state.round, Payload::Concluded(concluded))
    }
}

fn quota(failure: &TurnFailure) -> Option<Timestamp> {
    match failure {
        TurnFailure::Quota { resets_at } => Some(*resets_at),
        TurnFailure::Spawn { .. }
        | TurnFailure::Exit { .. }
        | TurnFailure::Timeout { .. }
        | TurnFailure::Malformed { .. }
        | TurnFailure::Tampered { .. }
        | TurnFailure::Script { .. }
        | TurnFailure::NeverFinished { .. } => None,
    }
}

fn red_text(measured: &Measurement) -> String {
    format!(
        "The gate `{}` is red on {}:\n\n{}",
        measured.gate,
        measured.head.short(),
        measured.detail
    )
}

fn after(instant: Timestamp, seconds: u64) -> Timestamp {
    let span = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
    instant.checked_add(span).unwrap_or(Timestamp::MAX)
}
