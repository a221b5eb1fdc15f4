//! The state of a review: the fold of its records. Live and resumed runs apply records through the same function.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::agent::Role;
use crate::domain::ending::Ending;
use crate::domain::gate::Measurement;
use crate::domain::ids::{CommitSha, GateName, Label, RequirementId, RunId};
use crate::domain::item::Item;
use crate::domain::policy::Followups;
use crate::domain::roster::Seat;
use crate::domain::usage::Usage;
use crate::ledger::payload::{Answered, Concluded, EarlierVotes, Gates, Opened, Review, Vote};
use crate::ledger::record::{Payload, Record};
use crate::protocol::expectation::Completeness;
use crate::protocol::text::ReviewVerdict as Verdict;

use super::super::request::{Recorded, Terms};
use super::items::{self, Resolutions};

/// The run that the latest records belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    pub id: RunId,
    /// Who takes part, and by which rules.
    pub terms: Terms,
    /// How often it was parked.
    pub sitting: u32,
    /// How it ended, if it did.
    pub ending: Option<Ending>,
    /// What it cost so far.
    pub usage: Usage,
    /// What of it was spent before the pull request stood.
    pub inherited: Usage,
}

impl Run {
    /// Whether a later command goes on with it.
    pub fn is_open(&self) -> bool {
        self.ending.as_ref().is_none_or(Ending::leaves_run_open)
    }

    /// Its terms, for the next command.
    pub fn recorded(&self) -> Recorded<'_> {
        if self.is_open() { Recorded::Open(&self.terms) } else { Recorded::Ended(&self.terms) }
    }
}

/// The state of a review.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReviewState {
    pub run: Option<Run>,
    pub round: u32,
    /// The head of the latest record.
    pub head: Option<CommitSha>,
    /// The items as they stood when the round began.
    settled: Vec<Item>,
    /// The reviews of the current round.
    current: Vec<(u32, Review)>,
    /// The number of the next item.
    pub next_item: u64,
    /// The latest vote of each reviewer, with what it was cast by.
    votes: BTreeMap<Label, Vote>,
    /// The latest measurement of each gate in this run.
    measured: BTreeMap<GateName, Measurement>,
    /// Whether a gate was red before the reviewers of this round were asked.
    pub red_gate: bool,
    /// How many answers in a row left the head as it was.
    pub unchanged_answers: u32,
    /// The last head that our coder made.
    pub ours: Option<CommitSha>,
    /// What the coder last said of its change.
    pub summary: Option<String>,
    /// How many turns of each role and label stand in the thread.
    published: BTreeMap<(Role, Label), u32>,
    /// The heads whose future items were taken care of, and how.
    followed_up: BTreeSet<(CommitSha, Followups)>,
    /// Whether every item is known: once records were missing, some may not be.
    pub completeness: Completeness,
}

impl ReviewState {
    /// The state that a chain of records folds to.
    pub fn fold<'records>(records: impl IntoIterator<Item = &'records Record>) -> Self {
        let mut state = Self { next_item: 1, ..Self::default() };
        for record in records {
            state.apply(record);
        }
        state
    }

    /// Takes in the next record.
    pub fn apply(&mut self, record: &Record) {
        match &record.payload {
            Payload::Opened(opened) => self.open(&record.run, opened),
            Payload::Review(review) => self.review(record.round, review),
            Payload::Answer(answer) => self.answer(record.round, answer),
            Payload::Gates(gates) => self.gates(record.round, gates),
            Payload::FollowedUp(record) => {
                self.followed_up.insert((record.head.clone(), record.mode));
            }
            Payload::Concluded(concluded) => self.conclude(concluded),
            Payload::Started(_) | Payload::Delivered(_) | Payload::DeliveryConcluded(_) => {}
        }
    }

    fn open(&mut self, run: &RunId, opened: &Opened) {
        let terms = Terms { roster: opened.roster.clone(), policy: opened.policy.clone() };
        self.forget_votes_of_changed_seats(&terms);
        if opened.votes == EarlierVotes::AskedAnew {
            self.votes.clear();
            self.completeness = Completeness::Gaps;
        }
        match &mut self.run {
            Some(current) if current.id == *run => current.terms = terms,
            Some(_) | None => {
                let inherited = opened.spent.unwrap_or_default();
                let (id, usage) = (run.clone(), inherited);
                self.run = Some(Run { id, terms, sitting: 0, ending: None, usage, inherited });
                self.begin_run(opened);
            }
        }
    }

    fn begin_run(&mut self, opened: &Opened) {
        self.close_round(&opened.head);
        self.round = 1;
        self.head = Some(opened.head.clone());
        self.unchanged_answers = 0;
        self.measured.clear();
        self.ours.clone_from(&opened.delivered);
        for item in &mut self.settled {
            item.dispute = None;
        }
        if let Some(carried) = &opened.carried {
            self.settled.extend(carried.items.iter().map(items::carried));
            self.next_item = self.next_item.max(carried.next_item);
        }
        if opened.delivered.is_some() {
            let coder = opened.roster.coder().label.clone();
            self.published.entry((Role::Coder, coder)).or_insert(1);
        }
    }

    fn forget_votes_of_changed_seats(&mut self, terms: &Terms) {
        let before = self.run.as_ref().map(|run| run.terms.roster.clone());
        self.votes.retain(|label, _| {
            let now = terms.roster.reviewer(label);
            let then = before.as_ref().and_then(|roster| roster.reviewer(label));
            now.is_some()
                && then.map(|seat| (seat.backend, &seat.model)) == now.map(|seat| (seat.backend, &seat.model))
        });
    }

    fn review(&mut self, round: u32, review: &Review) {
        self.enter(round, &review.head);
        self.next_item = self.next_item.max(review.next_item);
        let vote = Vote {
            agent: review.agent.clone(),
            state: review.response.state,
            head: review.head.clone(),
            requirements: review.requirements.clone(),
        };
        self.votes.insert(review.agent.clone(), vote);
        self.count(Role::Reviewer, &review.agent, review.usage);
        self.current.push((round, review.clone()));
    }

    fn answer(&mut self, round: u32, answer: &Answered) {
        self.resume_run();
        self.close_round(&answer.head_before);
        items::apply_answer(&mut self.settled, round, answer);
        if answer.head_before == answer.head_after {
            self.unchanged_answers += 1;
        } else {
            self.unchanged_answers = 0;
            self.ours = Some(answer.head_after.clone());
        }
        self.summary = Some(answer.response.summary.as_str().to_owned());
        self.count(Role::Coder, &answer.agent, answer.usage);
        self.round = round + 1;
        self.head = Some(answer.head_after.clone());
    }

    fn gates(&mut self, round: u32, gates: &Gates) {
        self.enter(round, &gates.head);
        self.next_item = self.next_item.max(gates.next_item);
        items::apply_gates(&mut self.settled, round, gates);
        let is_red = |measured: &Measurement| measured.verdict == crate::domain::gate::Verdict::Fail;
        self.red_gate = self.current.is_empty() && gates.measurements.iter().any(is_red);
        for measured in &gates.measurements {
            self.measured.insert(measured.gate.clone(), measured.clone());
        }
    }

    fn conclude(&mut self, concluded: &Concluded) {
        let Some(run) = &mut self.run else { return };
        run.ending = Some(concluded.ending.clone());
        // It counts turns that came to nothing, which have no record of their own.
        run.usage = run.usage.larger(concluded.usage);
        if concluded.ending.leaves_run_open() {
            run.sitting += concluded.ending.sittings();
        } else {
            // A later push must not bring back what was resolved before the end.
            self.settled = self.items();
            self.current.clear();
        }
    }

    fn resume_run(&mut self) {
        if let Some(run) = &mut self.run {
            run.ending = None;
        }
    }

    /// A record of a later round, or of another head, ends the round before it.
    fn enter(&mut self, round: u32, head: &CommitSha) {
        self.resume_run();
        if round != self.round || self.head.as_ref() != Some(head) {
            self.close_round(head);
            self.round = round;
            if self.head.as_ref() != Some(head) {
                self.unchanged_answers = 0;
            }
            self.head = Some(head.clone());
        }
    }

    fn close_round(&mut self, next_head: &CommitSha) {
        let settled = std::mem::take(&mut self.settled);
        self.settled = items::merge(settled, &self.current, self.resolutions(next_head));
        self.current.clear();
        self.red_gate = false;
    }

    fn count(&mut self, role: Role, label: &Label, usage: Usage) {
        *self.published.entry((role, label.clone())).or_default() += 1;
        if let Some(run) = &mut self.run {
            run.usage = run.usage.plus(usage);
        }
    }

    /// The items as they stood when the round began: what its reviewers are shown.
    pub fn items_at_start(&self) -> &[Item] {
        &self.settled
    }

    /// The items now, seen from this head: on another one than the reviewed, `resolved` does not count.
    pub fn items_from(&self, head: &CommitSha) -> Vec<Item> {
        items::merge(self.settled.clone(), &self.current, self.resolutions(head))
    }

    fn resolutions(&self, head: &CommitSha) -> Resolutions {
        let same = self.head.as_ref().is_none_or(|reviewed| reviewed == head);
        if same { Resolutions::Count } else { Resolutions::Void }
    }

    /// The items now.
    pub fn items(&self) -> Vec<Item> {
        items::merge(self.settled.clone(), &self.current, Resolutions::Count)
    }

    /// Whether anything of the current round was published.
    pub fn round_has_begun(&self) -> bool {
        !self.current.is_empty() || self.red_gate
    }

    /// Whether this reviewer's answer of the current round stands in the thread.
    pub fn has_reviewed(&self, seat: &Seat) -> bool {
        self.current.iter().any(|(_, review)| review.agent == seat.label)
    }

    /// Whether this reviewer's latest vote approves exactly this head, knowing all of these requirements.
    pub fn approves(&self, seat: &Seat, head: &CommitSha, required: &[RequirementId]) -> bool {
        self.votes.get(&seat.label).is_some_and(|vote| {
            vote.state == Verdict::Approved
                && vote.head == *head
                && required.iter().all(|id| vote.requirements.contains(id))
        })
    }

    /// The latest vote of everyone on the roster who gave one.
    pub fn votes(&self) -> Vec<Vote> {
        let Some(run) = &self.run else { return Vec::new() };
        let seats = run.terms.roster.reviewers().iter();
        seats.filter_map(|seat| self.votes.get(&seat.label).cloned()).collect()
    }

    /// The latest measurement of each gate in this run.
    pub fn measurements(&self) -> Vec<Measurement> {
        self.measured.values().cloned().collect()
    }

    /// What a gate last said in this run.
    pub fn measurement(&self, gate: &GateName) -> Option<&Measurement> {
        self.measured.get(gate)
    }

    /// Whether the future items of this head were taken care of in this way.
    pub fn has_followed_up(&self, head: &CommitSha, mode: Followups) -> bool {
        self.followed_up.contains(&(head.clone(), mode))
    }

    /// How many turns of this role and label stand in the thread.
    pub fn published_turns(&self, role: Role, label: &Label) -> u32 {
        self.published.get(&(role, label.clone())).copied().unwrap_or(0)
    }
}
