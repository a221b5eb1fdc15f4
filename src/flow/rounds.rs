//! Rounds of votes on revisions: items, votes and disputes, whatever is under review. Revisions are only compared and
//! recorded.

use std::collections::BTreeMap;

use crate::domain::agent::Role;
use crate::domain::ids::{Label, RequirementId};
use crate::domain::item::{CarriedItem, Item};
use crate::domain::revision::Revision;
use crate::domain::roster::{Roster, Seat};
use crate::domain::vote::Vote;
use crate::protocol::expectation::Completeness;

use super::approval::{Unanimous, approves};
use super::items::{self, CastReview, CoderReply, GateChanges, Resolutions};

/// A place in a run: one pass of the reviewers over one revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoundAt<R> {
    pub round: u32,
    pub head: R,
}

/// Whether a gate was red before the reviewers of a round were asked.
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
    /// The items as they stood when the round began.
    settled: Vec<Item>,
    current: Vec<CastReview>,
    next_item: u64,
    votes: BTreeMap<Label, Vote>,
    gating: Gating,
    /// How many answers of the coder in a row left the revision as it was.
    unchanged_answers: u32,
    /// How many turns of each role and label stand in the thread.
    published: BTreeMap<(Role, Label), u32>,
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
    /// A new run begins on this revision; items and votes of earlier runs stay.
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

    /// Ids below this one are used up.
    pub fn reserve_items(&mut self, next_item: u64) {
        self.next_item = self.next_item.max(next_item);
    }

    /// Records are missing: the round begins anew, without votes; what its reviews resolved is open again, and some item may
    /// be unknown.
    pub fn begin_anew(&mut self) {
        self.settled = items::merge(std::mem::take(&mut self.settled), &self.current, Resolutions::Void);
        self.current.clear();
        self.gating = Gating::Open;
        self.votes.clear();
        self.completeness = Completeness::Gaps;
    }

    /// Forgets the votes of everyone who is no longer on the roster, or sits there as another agent.
    pub fn forget_changed_seats(&mut self, before: Option<&Roster>, now: &Roster) {
        let who = |seat: &Seat| (seat.backend, seat.model.clone());
        self.votes.retain(|label, _| {
            let then = before.and_then(|roster| roster.reviewer(label));
            let now = now.reviewer(label);
            now.is_some() && then.map(who) == now.map(who)
        });
    }

    pub fn review(&mut self, at: &RoundAt<R>, vote: Vote, cast: CastReview, next_item: u64) {
        self.enter(at);
        self.next_item = self.next_item.max(next_item);
        self.votes.insert(vote.agent.clone(), vote);
        self.count(Role::Reviewer, &cast.agent);
        self.current.push(cast);
    }

    /// The coder has answered the round with a new revision, or with the same one.
    pub fn answer(&mut self, before: &R, after: &R, reply: &CoderReply) {
        self.close_round(before);
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

    /// The run has ended for good: a later revision must not bring back what was resolved before the end.
    pub fn settle(&mut self) {
        self.settled = self.items();
        self.current.clear();
    }

    /// Counts a turn that stands in the thread of the subject from which this one came.
    pub fn inherit_turn(&mut self, role: Role, label: &Label) {
        self.published.entry((role, label.clone())).or_insert(1);
    }

    /// A record of a later round, or of another revision, ends the round before it.
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
        *self.published.entry((role, label.clone())).or_default() += 1;
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

    /// Whether every item is known: once records were missing, some may not be.
    pub fn completeness(&self) -> Completeness {
        self.completeness
    }

    /// Whether a gate was red before the reviewers of this round were asked.
    pub fn gating(&self) -> Gating {
        self.gating
    }

    /// How many answers of the coder in a row left the revision as it was.
    pub fn unchanged_answers(&self) -> u32 {
        self.unchanged_answers
    }

    pub fn items(&self) -> Vec<Item> {
        items::merge(self.settled.clone(), &self.current, Resolutions::Count)
    }

    /// The items now, seen from this revision: on another one than the reviewed, `resolved` does not count.
    pub fn items_from(&self, head: &R) -> Vec<Item> {
        items::merge(self.settled.clone(), &self.current, self.resolutions(head))
    }

    /// The items that everyone who votes at this place is shown, resolved ones too: how they stood when the round began.
    pub fn items_at(&self, at: &RoundAt<R>) -> Vec<Item> {
        if self.is_at(at) { self.settled.clone() } else { self.items_from(&at.head) }
    }

    fn resolutions(&self, head: &R) -> Resolutions {
        let same = self.head.as_ref().is_none_or(|reviewed| reviewed == head);
        if same { Resolutions::Count } else { Resolutions::Void }
    }

    /// Whether the latest record is of this place.
    pub fn is_at(&self, at: &RoundAt<R>) -> bool {
        self.round == at.round && self.head.as_ref() == Some(&at.head)
    }

    /// Whether anything of the current round was published.
    pub fn has_begun(&self) -> bool {
        !self.current.is_empty() || self.gating == Gating::Red
    }

    /// Whether this reviewer's vote of the current round stands in the thread.
    pub fn has_reviewed(&self, seat: &Seat) -> bool {
        self.current.iter().any(|review| review.agent == seat.label)
    }

    /// Whether this reviewer's latest vote approves exactly this revision, knowing all of these requirements.
    pub fn approves(&self, seat: &Seat, head: &R, required: &[RequirementId]) -> bool {
        self.votes.get(&seat.label).is_some_and(|vote| approves(vote, seat, &Revision::from(head), required))
    }

    /// The proof that every reviewer approves exactly this revision, knowing all of these requirements.
    pub fn unanimous(&self, roster: &Roster, head: &R, required: &[RequirementId]) -> Option<Unanimous> {
        Unanimous::among(roster.reviewers(), &self.votes(roster), &Revision::from(head), required)
    }

    /// The latest vote of everyone on the roster who gave one.
    pub fn votes(&self, roster: &Roster) -> Vec<Vote> {
        roster.reviewers().iter().filter_map(|seat| self.votes.get(&seat.label).cloned()).collect()
    }

    /// How many turns of this role and label stand in the thread.
    pub fn published_turns(&self, role: Role, label: &Label) -> u32 {
        self.published.get(&(role, label.clone())).copied().unwrap_or(0)
    }
}
