//! Rounds of votes on revisions: items, votes and disputes, for any kind of revision. Revisions are only compared and
//! recorded.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::domain::agent::Role;
use crate::domain::ids::{ItemId, Label, RequirementId};
use crate::domain::item::{Author, CarriedItem, Item};
use crate::domain::revision::Revision;
use crate::domain::roster::{Roster, Seat, SeatKey};
use crate::domain::vote::{Ballot, Vote};
use crate::protocol::expectation::Completeness;

use super::approval::{Unanimous, approves};
use super::given::ReviewFindings;
use super::items::{self, CastReview, CoderReply, GateChanges, Resolutions};

/// A point in a run: one pass of the reviewers over one revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoundAt<R> {
    pub round: u32,
    pub head: R,
}

/// The treatment of votes that were given before the terms were set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EarlierVotes {
    Stand,
    /// Records are missing: all reviewers are asked again.
    AskedAnew,
}

/// Whether a gate had failed before the reviewers of a round were asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Gating {
    #[default]
    Open,
    Red,
}

/// The rounds of the latest run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rounds<R> {
    round: u32,
    /// The revision of the latest record.
    head: Option<R>,
    /// The items at the start of the round.
    settled: Vec<Item>,
    current: Vec<CastReview>,
    next_item: u64,
    votes: BTreeMap<Label, Vote>,
    /// The requirements that the reviewers knew when the coder first disputed an item.
    known_at_dispute: BTreeMap<ItemId, BTreeSet<RequirementId>>,
    gating: Gating,
    /// The number of consecutive answers of the coder that did not change the revision.
    unchanged_answers: u32,
    /// The number of turns of each role and label in the thread.
    published: BTreeMap<SeatKey, u32>,
    completeness: Completeness,
}

impl<R> Default for Rounds<R> {
    fn default() -> Self {
        Self {
            round: 0,
            head: None,
            settled: Vec::new(),
            current: Vec::new(),
            next_item: 1,
            votes: BTreeMap::new(),
            known_at_dispute: BTreeMap::new(),
            gating: Gating::Open,
            unchanged_answers: 0,
            published: BTreeMap::new(),
            completeness: Completeness::Complete,
        }
    }
}

impl<R: Clone + PartialEq> Rounds<R>
where
    for<'head> Revision: From<&'head R>,
{
    /// Starts a new run on this revision; items and votes of earlier runs remain.
    pub fn begin(&mut self, head: &R) {
        self.close_round(head);
        self.round = 1;
        self.head = Some(head.clone());
        self.unchanged_answers = 0;
        for item in &mut self.settled {
            item.dispute = None;
        }
    }

    pub fn carry(&mut self, carried: &[CarriedItem], next_item: u64) {
        self.settled.extend(carried.iter().map(items::carried));
        self.next_item = self.next_item.max(next_item);
    }

    /// Ensures that ids below this one are not used again. The number is from a record that is not trusted: one that no thread
    /// reaches was made up.
    pub fn reserve_items(&mut self, next_item: Option<u64>) {
        let plausible = next_item.filter(|number| u32::try_from(*number).is_ok());
        self.next_item = self.next_item.max(plausible.unwrap_or_default());
    }

    /// Handles missing records: the round restarts without votes, the items that its reviews resolved are open again, and some
    /// items may be unknown.
    pub fn begin_anew(&mut self) {
        self.settled = items::merge(std::mem::take(&mut self.settled), &self.current, Resolutions::Void);
        self.current.clear();
        self.gating = Gating::Open;
        self.votes.clear();
        self.completeness = Completeness::Gaps;
    }

    /// Removes the votes of agents that are no longer on the roster, or have another backend.
    pub fn forget_changed_seats(&mut self, before: Option<&Roster>, now: &Roster) {
        let who = |seat: &Seat| (seat.backend, seat.model.clone());
        self.votes.retain(|label, _| {
            let then = before.and_then(|roster| roster.reviewer(label));
            let now = now.reviewer(label);
            now.is_some() && then.map(who) == now.map(who)
        });
    }

    /// Adds a review: a vote on this revision, and findings.
    pub fn review(&mut self, at: &RoundAt<R>, agent: &Label, state: Ballot, findings: ReviewFindings) {
        self.enter(at);
        let ReviewFindings { opened, dispositions, next_item, requirements } = findings;
        self.next_item = self.next_item.max(next_item);
        let vote = Vote { agent: agent.clone(), state, head: (&at.head).into(), requirements };
        self.votes.insert(agent.clone(), vote);
        self.count(Role::Reviewer, agent);
        self.current.push(CastReview { round: at.round, agent: agent.clone(), opened, dispositions });
    }

    /// Adds the coder's answer to the round, with a new or the same revision.
    pub fn answer(&mut self, before: &R, after: &R, reply: &CoderReply) {
        self.close_round(before);
        let known: BTreeSet<_> = self.votes.values().flat_map(|vote| &vote.requirements).cloned().collect();
        for dispute in &reply.reply.disputes {
            self.known_at_dispute.entry(dispute.item.clone()).or_insert_with(|| known.clone());
        }
        items::apply_reply(&mut self.settled, reply);
        self.unchanged_answers = if before == after { self.unchanged_answers + 1 } else { 0 };
        self.count(Role::Coder, &reply.agent);
        self.round = reply.round + 1;
        self.head = Some(after.clone());
    }

    pub fn measured(&mut self, at: &RoundAt<R>, gating: Gating, changes: &GateChanges<'_>, next_item: u64) {
        self.enter(at);
        self.next_item = self.next_item.max(next_item);
        items::apply_gate(&mut self.settled, changes);
        self.gating = if self.current.is_empty() { gating } else { Gating::Open };
    }

    /// Ends the run: later revisions must not reopen what was resolved before the end.
    pub fn settle(&mut self) {
        self.settled = self.items();
        self.current.clear();
    }

    /// Adds a turn in the thread of the subject that handed the run over.
    pub fn inherit_turn(&mut self, role: Role, label: &Label) {
        self.published.entry(SeatKey::new(role, label)).or_insert(1);
    }

    /// Ends the current round at a record of a later round, or of another revision.
    fn enter(&mut self, at: &RoundAt<R>) {
        if at.round == self.round && self.head.as_ref() == Some(&at.head) {
            return;
        }
        self.close_round(&at.head);
        self.round = at.round;
        if self.head.as_ref() != Some(&at.head) {
            self.unchanged_answers = 0;
        }
        self.head = Some(at.head.clone());
    }

    fn close_round(&mut self, next_head: &R) {
        let settled = std::mem::take(&mut self.settled);
        self.settled = items::merge(settled, &self.current, self.resolutions(next_head));
        self.current.clear();
        self.gating = Gating::Open;
    }

    fn count(&mut self, role: Role, label: &Label) {
        *self.published.entry(SeatKey::new(role, label)).or_default() += 1;
    }

    pub fn round(&self) -> u32 {
        self.round
    }

    pub fn head(&self) -> Option<&R> {
        self.head.as_ref()
    }

    pub fn next_item(&self) -> u64 {
        self.next_item
    }

    /// Returns whether all items are known: after a gap, some may be unknown.
    pub fn completeness(&self) -> Completeness {
        self.completeness
    }

    /// Returns whether a gate had failed before the reviewers of this round were asked.
    pub fn gating(&self) -> Gating {
        self.gating
    }

    /// Returns whether the coder has answered twice in a row without a change: no further round begins.
    pub fn is_stuck(&self) -> bool {
        self.unchanged_answers >= 2
    }

    /// Returns the number of rounds, with the one that begins next, if one does.
    pub fn number(&self) -> u32 {
        self.round - u32::from(self.is_stuck())
    }

    pub fn items(&self) -> Vec<Item> {
        items::merge(self.settled.clone(), &self.current, Resolutions::Count)
    }

    /// Returns the current items for a revision: if it is not the reviewed one, `resolved` is not accepted.
    pub fn items_from(&self, head: &R) -> Vec<Item> {
        items::merge(self.settled.clone(), &self.current, self.resolutions(head))
    }

    /// Returns the items that all voters of this point are shown, including resolved ones: those at the start of the round.
    pub fn items_at(&self, at: &RoundAt<R>) -> Vec<Item> {
        if self.is_at(at) { self.settled.clone() } else { self.items_from(&at.head) }
    }

    fn resolutions(&self, head: &R) -> Resolutions {
        let same = self.head.as_ref().is_none_or(|reviewed| reviewed == head);
        if same { Resolutions::Count } else { Resolutions::Void }
    }

    /// Returns whether the latest record belongs to this point.
    pub fn is_at(&self, at: &RoundAt<R>) -> bool {
        self.round == at.round && self.head.as_ref() == Some(&at.head)
    }

    /// Returns whether the current round has any record.
    pub fn has_begun(&self) -> bool {
        !self.current.is_empty() || self.gating == Gating::Red
    }

    /// Returns whether the thread has this reviewer's vote of the current round.
    pub fn has_reviewed(&self, seat: &Seat) -> bool {
        self.current.iter().any(|review| review.agent == seat.label)
    }

    /// Returns whether this reviewer's latest vote approves exactly this revision, with all of these requirements.
    pub fn approves(&self, seat: &Seat, head: &R, required: &[RequirementId]) -> bool {
        self.votes.get(&seat.label).is_some_and(|vote| approves(vote, seat, &Revision::from(head), required))
    }

    /// Returns the proof that all reviewers approve exactly this revision, with all of these requirements.
    pub fn unanimous(&self, roster: &Roster, head: &R, required: &[RequirementId]) -> Option<Unanimous> {
        Unanimous::among(roster.reviewers(), &self.votes(roster), &Revision::from(head), required)
    }

    /// Returns the latest vote of each reviewer of the roster.
    pub fn votes(&self, roster: &Roster) -> Vec<Vote> {
        roster.reviewers().iter().filter_map(|seat| self.votes.get(&seat.label).cloned()).collect()
    }

    /// Returns the requirements that are newer than the first dispute of this item, and that its reviewer knew at the latest vote.
    pub fn decided_since_dispute(&self, item: &Item) -> Vec<&RequirementId> {
        let Author::Reviewer(reviewer) = &item.author else { return Vec::new() };
        let before = self.known_at_dispute.get(&item.id);
        let now = self.votes.get(reviewer).into_iter().flat_map(|vote| &vote.requirements);
        now.filter(|id| before.is_some_and(|before| !before.contains(id))).collect()
    }

    /// Returns the number of turns of this role and label in the thread.
    pub fn published_turns(&self, role: Role, label: &Label) -> u32 {
        self.published.get(&SeatKey::new(role, label)).copied().unwrap_or(0)
    }
}
