//! One pass of the reviewers over a revision, for any kind of revision: who is due, what is shown, and what follows from the
//! votes.

use std::collections::BTreeSet;

use crate::domain::access::Access;
use crate::domain::agent::Role;
use crate::domain::ending::{Blocked, Failed, NeedsHuman};
use crate::domain::ids::{ItemId, RequirementId};
use crate::domain::item::{Author, Item, OpenedItem, listed};
use crate::domain::item_status::ItemStatus;
use crate::domain::nonce::Nonce;
use crate::domain::policy::{Followups, OnReviewerFailure};
use crate::domain::revision::Revision;
use crate::domain::roster::Seat;
use crate::domain::turn::TurnKey;
use crate::protocol::expectation::{Expectation, Voter};
use crate::protocol::findings::Judgement;
use crate::protocol::kinds::Kind;

use super::approval::Unanimous;
use super::ask::{Ask, Brief, shown_items};
use super::conclusion::Conclusion;
use super::context::FlowContext;
use super::given::{Given, ReviewFindings};
use super::panel::FailedSeat;
use super::question::Answered;
use super::rounds::{RoundAt, Rounds};
use super::run_effect::{self, Who};
use super::terms::Terms;

/// How a run continues after its last round.
const MORE_ROUNDS: &str =
    "run the same command again for as many more rounds (`--max-rounds N` sets another limit)";

/// The reviewers of a run at a point of its rounds.
#[derive(Debug)]
pub struct ReviewPass<'now, R> {
    pub terms: &'now Terms,
    pub rounds: &'now Rounds<R>,
    /// The requirements that an approval must include.
    pub required: Vec<RequirementId>,
    /// The way on without an approval, as the end of a sentence.
    pub without_approval: String,
}

/// What follows from the votes of a pass.
#[derive(Debug)]
pub enum AfterPass {
    /// The coder must fix these items.
    Fix,
    Approved(Unanimous),
    /// The reviewers are asked again at the next round: a person added a requirement.
    AskAgain,
}

impl<R: Clone + PartialEq> ReviewPass<'_, R>
where
    for<'head> Revision: From<&'head R>,
{
    /// Creates a question to an agent, with read access.
    pub fn ask(&self, cx: &FlowContext<'_>, key: TurnKey, brief: Brief, seat: &Seat) -> Ask {
        let voter = || Voter { label: key.label.clone(), nonce: Nonce::of(cx.nonce_secret, &key) };
        let expectation = Expectation {
            shown: shown_items(&brief.items, |label| self.terms.roster.reviewer(label).is_some()),
            ledger: self.rounds.completeness(),
            requirements: cx.results.surfaced(&key, &brief.requirements),
            voter: key.kind.is_vote().then(voter),
            ..Expectation::bare(key.kind)
        };
        let published_turns = self.rounds.published_turns(key.role, &key.label);
        Ask { published_turns, ..Ask::first(key, Access::Read, brief, expectation, seat.model.clone()) }
    }

    /// Returns the items for the coder after a round, with those of the round itself.
    pub fn unresolved(&self, head: &R) -> Vec<Item> {
        let items = self.rounds.items_from(head).into_iter();
        items.filter(|item| item.status != ItemStatus::Resolved).collect()
    }

    /// Returns the items in the prompts of the round: open ones, and future ones, which may be promoted.
    pub fn shown(&self, at: &RoundAt<R>) -> Vec<Item> {
        let items = self.rounds.items_at(at).into_iter();
        items.filter(|item| item.status != ItemStatus::Resolved).collect()
    }

    /// Returns the reviewers who must be asked. An approval of the same revision is kept, unless the coder disputes findings of
    /// that reviewer.
    pub fn due(&self, at: &RoundAt<R>, shown: &[Item]) -> impl Iterator<Item = &Seat> {
        self.terms.roster.reviewers().iter().filter(|seat| self.is_due(seat, at, shown))
    }

    fn is_due(&self, seat: &Seat, at: &RoundAt<R>, shown: &[Item]) -> bool {
        let author = Author::Reviewer(seat.label.clone());
        let is_disputed = shown.iter().any(|item| item.author == author && item.dispute.is_some());
        let has_voted = self.rounds.is_at(at) && self.rounds.has_reviewed(seat);
        let stands = self.rounds.approves(seat, &at.head, &self.required) && !is_disputed;
        !has_voted && !stands
    }

    /// Returns the items that prevent approval at this point, without those of gates that are advisory or turned off.
    pub fn must_fix(&self, at: &RoundAt<R>) -> Vec<Item> {
        let is_in_force = |item: &Item| match &item.author {
            Author::Reviewer(_) => true,
            Author::Gate(gate) => self.terms.policy.is_in_force(gate),
        };
        let items = self.rounds.items_from(&at.head).into_iter();
        items.filter(|item| item.must_fix() && is_in_force(item)).collect()
    }

    /// Returns the proof that all reviewers approve this point, with the current requirements.
    pub fn unanimous(&self, at: &RoundAt<R>) -> Option<Unanimous> {
        self.rounds.unanimous(&self.terms.roster, &at.head, &self.required)
    }

    /// Numbers the findings of a review at its publication; future ones are dropped if the mode says so.
    pub fn numbered<K>(&self, ask: &Ask, answered: Answered<K>) -> (K, ReviewFindings, Given)
    where
        K: Kind<Meaning = Judgement>,
    {
        let (said, Judgement { findings, dispositions }, mut given) = answered.given_by(&ask.key.label);
        let keeps = |status: ItemStatus| {
            status != ItemStatus::Future || self.terms.policy.followups != Followups::Ignore
        };
        let (kept, dropped): (Vec<_>, Vec<_>) = findings.into_iter().partition(|(status, _)| keeps(*status));
        if !dropped.is_empty() {
            let note = format!("{} future follow-ups left out, as the mode `ignore` says", dropped.len());
            given.normalisations.push(note);
        }
        let open =
            |((status, text), number)| OpenedItem { id: ItemId::numbered(number), status, text, key: None };
        let first = self.rounds.next_item();
        let opened: Vec<OpenedItem> = kept.into_iter().zip(first..).map(open).collect();
        let next_item = first + u64::try_from(opened.len()).unwrap_or(0);
        let requirements = ask.expectation.requirements.ids.clone();
        (said, ReviewFindings { opened, dispositions, next_item, requirements }, given)
    }

    /// Returns what follows from the votes of a pass, given the items that are left to fix.
    ///
    /// # Errors
    /// Returns the conclusion if the run cannot continue.
    pub fn after(
        &self,
        at: &RoundAt<R>,
        failed: &[FailedSeat],
        left: &[Item],
    ) -> Result<AfterPass, Conclusion> {
        self.available(failed, left)?;
        self.disputes_judged(at.round, left)?;
        if !left.is_empty() {
            return Ok(AfterPass::Fix);
        }
        if let Some(unanimous) = self.unanimous(at) {
            return Ok(AfterPass::Approved(unanimous));
        }
        if self.rounds.unanimous(&self.terms.roster, &at.head, &[]).is_some() {
            return Ok(AfterPass::AskAgain);
        }
        let message = "nothing is left to fix, but not all reviewers approve this head";
        Err(Conclusion::failed(Failed::ReviewerUnavailable, message))
    }

    /// Ends the run if reviewers failed, unless the policy lets the coder work on the findings of the others.
    fn available(&self, failed: &[FailedSeat], left: &[Item]) -> Result<(), Conclusion> {
        let who = |seat: &FailedSeat| Who { role: Role::Reviewer, label: seat.label.clone() };
        let ended = failed.iter().find_map(|seat| run_effect::conclusion(&who(seat), &seat.failure));
        if let Some(conclusion) = ended {
            return Err(conclusion);
        }
        let goes_on =
            self.terms.policy.on_reviewer_failure == OnReviewerFailure::Continue && !left.is_empty();
        if failed.is_empty() || goes_on {
            return Ok(());
        }
        let each: Vec<String> =
            failed.iter().map(|seat| format!("`{}` {}", seat.label, seat.failure)).collect();
        let correction = failed.iter().find_map(|seat| seat.failure.correction());
        Err(Conclusion::failed(Failed::ReviewerUnavailable, each.join("; ")).corrected_by(correction))
    }

    /// Returns the next round, if the limit allows one.
    ///
    /// # Errors
    /// Returns the conclusion with this message if it does not.
    pub fn next_round(&self, at: &RoundAt<R>, at_most: &str) -> Result<RoundAt<R>, Conclusion> {
        let next = RoundAt { round: at.round + 1, head: at.head.clone() };
        if next.round > self.terms.policy.max_rounds {
            return Err(Conclusion::blocked(Blocked::Rounds, format!("{at_most}; {MORE_ROUNDS}")));
        }
        Ok(next)
    }

    /// Checks that the coder may take another turn after this round.
    ///
    /// # Errors
    /// Returns the conclusion with the items that are left if the round is the last one.
    pub fn may_fix(&self, at: &RoundAt<R>) -> Result<(), Conclusion> {
        if at.round < self.terms.policy.max_rounds {
            return Ok(());
        }
        let left: Vec<String> = self.must_fix(at).into_iter().map(|item| item.id.into()).collect();
        let message = format!(
            "round {} was the last, and {} {} still open; {MORE_ROUNDS}",
            at.round,
            listed(&left),
            if left.len() == 1 { "is" } else { "are" }
        );
        Err(Conclusion::blocked(Blocked::Rounds, message))
    }

    /// Ends the run if an item is still must-fix after the review that judged its dispute: a person decides. If a person has
    /// decided and the reviewer still insists, no further comment helps.
    fn disputes_judged(&self, round: u32, left: &[Item]) -> Result<(), Conclusion> {
        let is_lost = |item: &&Item| item.dispute.as_ref().is_some_and(|dispute| dispute.round < round);
        let lost: Vec<&Item> = left.iter().filter(is_lost).collect();
        if lost.is_empty() {
            return Ok(());
        }
        let decided: BTreeSet<&RequirementId> =
            lost.iter().flat_map(|item| self.rounds.decided_since_dispute(item)).collect();
        let decided: Vec<String> = decided.into_iter().map(ToString::to_string).collect();
        let ways_out = if decided.is_empty() {
            "To decide, comment with a last line `-- Human Reviewer`, then run the same command again"
                .to_owned()
        } else {
            format!(
                "The reviewer insists although a person has decided ({}), and another comment cannot overrule a reviewer. Run the \
                 same command again with another `--reviewer`, or {}",
                decided.join(", "),
                self.without_approval
            )
        };
        let positions: Vec<String> = lost.into_iter().map(positions).collect();
        Err(Conclusion::needs_human(NeedsHuman::Dispute, format!("{}. {ways_out}", positions.join("; "))))
    }

    /// Adds a note about voters of the coder's vendor to a message.
    pub fn with_dependence(&self, message: String) -> String {
        let votes = self.rounds.votes(&self.terms.roster);
        let has_voted = |seat: &&Seat| votes.iter().any(|vote| vote.agent == seat.label);
        let dependent = self.terms.roster.dependent_reviewers().filter(has_voted);
        let who: Vec<String> = dependent.map(|seat| format!("`{}`", seat.label)).collect();
        let (subject, verb) = match who.as_slice() {
            [] => return message,
            [one] => (format!("reviewer {one}"), "is"),
            [..] => (format!("reviewers {}", who.join(" and ")), "are"),
        };
        let message = message.trim_end_matches('.');
        format!("{message}. Not independent: the {subject} {verb} of the same vendor as the coder")
    }
}

/// Returns what the coder and the reviewer say about a disputed item.
fn positions(item: &Item) -> String {
    let coder = item.dispute.as_ref().map_or("", |dispute| dispute.evidence.as_str());
    let reviewer = item.notes.last().map_or(item.text.as_str(), |note| note.text.as_str());
    format!("{}: the coder says “{coder}”, {} says “{reviewer}”", item.id, item.author)
}
