//! The state of a review: the fold of its records. Live and resumed runs apply records through the same function.

use std::collections::BTreeSet;

use crate::domain::agent::Role;
use crate::domain::ids::{BranchName, CommitSha, GateName, PullRequestNumber, RunId};
use crate::domain::plan::BoundPlan;
use crate::domain::policy::Followups;
use crate::domain::usage::Usage;
use crate::domain::vote::Vote;
use crate::protocol::recorded::ReplyKind;

use super::super::gates::{GatesRecord, Measured};
use super::super::items::CoderReply;
use super::super::machine::{At, Illegal};
use super::super::rounds::{EarlierVotes, RoundAt, Rounds};
use super::super::run::{Concluded, RunState};
use super::super::terms::{RecordedTerms, Terms};
use super::super::view::Records;
use super::records::{AnswerRecord, Opened, ReviewEntry, ReviewRecord};

/// The state of a review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewState {
    pub number: PullRequestNumber,
    pub run: Option<ReviewRun>,
    pub rounds: Rounds<CommitSha>,
    pub measured: Measured,
    /// The target branch according to the latest `opened` record.
    pub base_ref: Option<BranchName>,
    pub ours: Option<CommitSha>,
    /// The coder's latest summary of its change.
    pub summary: Option<String>,
    /// The approved plan that the change was made for.
    pub plan: Option<BoundPlan>,
    /// All heads in records.
    pub heads: BTreeSet<CommitSha>,
    /// The heads whose future items were handled, with the mode.
    followed_up: BTreeSet<(CommitSha, Followups)>,
    /// Whether records are missing since the reviewers were last asked again.
    pub records: Records,
}

/// A run of a review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewRun {
    pub state: RunState,
    pub terms: Terms,
}

impl ReviewRun {
    pub fn recorded(&self) -> RecordedTerms<'_> {
        RecordedTerms { run: &self.state, terms: &self.terms }
    }
}

impl ReviewState {
    /// Returns the gates that the run still has to measure for the first time.
    pub(super) fn unmeasured(&self) -> Vec<GateName> {
        self.run.as_ref().map_or_else(Vec::new, |run| run.terms.unmeasured(&self.measured.all()))
    }

    pub fn new(number: PullRequestNumber) -> Self {
        Self {
            number,
            run: None,
            rounds: Rounds::default(),
            measured: Measured::default(),
            base_ref: None,
            ours: None,
            summary: None,
            plan: None,
            heads: BTreeSet::new(),
            followed_up: BTreeSet::new(),
            records: Records::Whole,
        }
    }

    pub fn apply(&mut self, at: At<'_>, record: ReviewEntry) -> Result<(), Illegal> {
        let needs_run = !matches!(record, ReviewEntry::Opened(_));
        if needs_run && self.run.is_none() {
            return Err(Illegal("no run was opened before"));
        }
        match record {
            ReviewEntry::Opened(opened) => self.open(at.run, &opened),
            ReviewEntry::Review(review) => self.review(at.round, *review),
            ReviewEntry::Answer(answer) => self.answer(at.round, &answer),
            ReviewEntry::Gates(gates) => self.gates(at.round, &gates),
            ReviewEntry::FollowedUp(record) => {
                self.followed_up.insert((record.head, record.mode));
            }
            ReviewEntry::Concluded(concluded) => self.conclude(&concluded),
        }
        Ok(())
    }

    fn open(&mut self, run: &RunId, opened: &Opened) {
        let terms = Terms { roster: opened.roster.clone(), policy: opened.policy.clone() };
        let before = self.run.as_ref().map(|run| run.terms.roster.clone());
        self.rounds.forget_changed_seats(before.as_ref(), &terms.roster);
        self.base_ref = Some(opened.base_ref.clone());
        self.plan = opened.plan.clone().or(self.plan.take());
        self.heads.insert(opened.head.clone());
        match opened.votes {
            EarlierVotes::Stand => {}
            EarlierVotes::AskedAnew => {
                self.rounds.begin_anew();
                self.records = Records::Whole;
            }
        }
        match &mut self.run {
            Some(current) if current.state.id == *run => {
                current.terms = terms;
                // Answers in the journal belong to the previous attempt window: the missing records are unknown.
                current.state.attempt_window += u32::from(opened.votes == EarlierVotes::AskedAnew);
            }
            Some(_) | None => {
                let state = RunState::begun(run.clone(), opened.spent.unwrap_or_default());
                self.run = Some(ReviewRun { state, terms });
                self.begin_run(opened);
            }
        }
    }

    fn begin_run(&mut self, opened: &Opened) {
        self.rounds.begin(&opened.head);
        self.measured.clear();
        self.ours.clone_from(&opened.delivered);
        if let Some(carried) = &opened.carried {
            self.rounds.carry(&carried.items, carried.next_item);
        }
        if opened.delivered.is_some() {
            self.rounds.inherit_turn(Role::Coder, &opened.roster.coder().label);
        }
    }

    fn review(&mut self, round: u32, review: ReviewRecord) {
        let ReviewRecord { head, response, findings, given } = review;
        self.resume(given.usage);
        self.heads.insert(head.clone());
        self.rounds.review(&RoundAt { round, head }, &given.agent, response.state.into(), findings);
    }

    fn answer(&mut self, round: u32, answer: &AnswerRecord) {
        self.resume(answer.given.usage);
        let reply = CoderReply { round, agent: answer.given.agent.clone(), reply: answer.response.reply() };
        self.rounds.answer(&answer.head_before, &answer.head_after, &reply);
        if answer.head_before != answer.head_after {
            self.ours = Some(answer.head_after.clone());
        }
        self.heads.insert(answer.head_after.clone());
        self.summary = Some(answer.response.summary.as_str().to_owned());
    }

    fn gates(&mut self, round: u32, gates: &GatesRecord) {
        self.resume(Usage::default());
        self.heads.insert(gates.head.clone());
        self.measured.take_in(round, gates, &mut self.rounds);
    }

    fn conclude(&mut self, concluded: &Concluded) {
        let Some(run) = &mut self.run else { return };
        run.state.conclude(concluded);
        if !run.state.is_open() {
            self.rounds.settle();
        }
    }

    /// Resumes a parked run, and adds the cost of a turn.
    fn resume(&mut self, usage: Usage) {
        if let Some(run) = &mut self.run {
            run.state.resume(usage);
        }
    }

    /// Handles a record after a gap: people have seen the ids of its items.
    pub fn unlinked(&mut self, record: &ReviewEntry) {
        let next_item = match record {
            ReviewEntry::Opened(opened) => opened.carried.as_ref().map(|carried| carried.next_item),
            ReviewEntry::Review(review) => Some(review.findings.next_item),
            ReviewEntry::Gates(gates) => Some(gates.next_item),
            ReviewEntry::Answer(_) | ReviewEntry::FollowedUp(_) | ReviewEntry::Concluded(_) => None,
        };
        self.rounds.reserve_items(next_item);
    }

    /// Returns whether the future items of this head were handled in this mode.
    pub fn has_followed_up(&self, head: &CommitSha, mode: Followups) -> bool {
        self.followed_up.contains(&(head.clone(), mode))
    }

    /// Returns the latest vote of each reviewer of the roster.
    pub fn votes(&self) -> Vec<Vote> {
        self.run.as_ref().map_or_else(Vec::new, |run| self.rounds.votes(&run.terms.roster))
    }
}
