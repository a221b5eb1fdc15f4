//! The reviewers of a round: who is due, their questions, and the records of their answers.

use crate::domain::agent::{ResponseKind, Role};
use crate::domain::ids::ItemId;
use crate::domain::item::{Author, Item, OpenedItem};
use crate::domain::item_status::ItemStatus;
use crate::domain::policy::Followups;
use crate::domain::roster::Seat;
use crate::domain::turn::TurnKey;
use crate::ledger::envelope::Draft;
use crate::protocol::answer::Reading;
use crate::protocol::kinds::pr_review::PrReview;

use super::super::ask::Ask;
use super::super::machine::draft;
use super::super::panel::{self, Asking, FailedSeat};
use super::super::question::Answered;
use super::super::step::Decision;
use super::coder::ask_about;
use super::records::{ReviewEntry, ReviewRecord};
use super::seen::{OpenReview, ReviewAt};
use super::state::ReviewState;

/// Polls the reviewers who are due at this point, and returns those whose turns failed.
pub(super) fn poll(seen: &OpenReview<'_>, at: &ReviewAt, asking: Asking) -> Decision<Vec<FailedSeat>> {
    let shown: Vec<Item> = shown(seen, at);
    let due = seen.run.terms.roster.reviewers().iter().filter(|seat| is_due(seen, seat, at, &shown));
    let asks: Vec<Ask> = due.map(|seat| ask(seen, seat, at, &shown)).collect();
    panel::poll::<PrReview>(seen.cx, &asks, asking, |ask, answered| record(seen, at, ask, answered))
}

/// Returns whether a reviewer must be asked. Its approval of the same head is kept, unless the coder disputes its findings.
fn is_due(seen: &OpenReview<'_>, seat: &Seat, at: &ReviewAt, shown: &[Item]) -> bool {
    let rounds = &seen.state.rounds;
    let author = Author::Reviewer(seat.label.clone());
    let is_disputed = shown.iter().any(|item| item.author == author && item.dispute.is_some());
    let has_voted = rounds.is_at(at) && rounds.has_reviewed(seat);
    let stands = rounds.approves(seat, &at.head, &seen.required()) && !is_disputed;
    !has_voted && !stands
}

/// Returns the items in the prompts of the round: open ones, and future ones, which may be promoted.
fn shown(seen: &OpenReview<'_>, at: &ReviewAt) -> Vec<Item> {
    let items = seen.state.rounds.items_at(at).into_iter();
    items.filter(|item| item.status != ItemStatus::Resolved).collect()
}

fn ask(seen: &OpenReview<'_>, seat: &Seat, at: &ReviewAt, shown: &[Item]) -> Ask {
    let key =
        TurnKey::first(seen.run.at(at.round), Role::Reviewer, &seat.label, ResponseKind::PrReview, &at.head);
    ask_about(seen, key, shown, seat)
}

/// Creates the record of a review. Findings get their numbers here, at publication.
fn record(seen: &OpenReview<'_>, at: &ReviewAt, ask: &Ask, answered: Answered<PrReview>) -> Draft {
    let Answered { reading, repairs, usage, model, commit: _ } = answered;
    let Reading { said: response, meaning: judgement, mut normalisations, .. } = reading;
    let keeps = |status: ItemStatus| {
        status != ItemStatus::Future || seen.run.terms.policy.followups != Followups::Ignore
    };
    let (kept, dropped): (Vec<_>, Vec<_>) =
        judgement.findings.into_iter().partition(|(status, _)| keeps(*status));
    if !dropped.is_empty() {
        normalisations.push(format!("{} future follow-ups left out, as the mode says", dropped.len()));
    }
    let open =
        |((status, text), number)| OpenedItem { id: ItemId::numbered(number), status, text, key: None };
    let first = seen.state.rounds.next_item();
    let opened: Vec<OpenedItem> = kept.into_iter().zip(first..).map(open).collect();
    let record = ReviewRecord {
        agent: ask.key.label.clone(),
        head: at.head.clone(),
        // A published nonce would be readable by other agents.
        response: PrReview { nonce: None, ..response },
        next_item: first + u64::try_from(opened.len()).unwrap_or(0),
        opened,
        dispositions: judgement.dispositions,
        requirements: ask.expectation.requirements.ids.clone(),
        normalisations,
        repairs,
        usage,
        model,
    };
    let record = ReviewEntry::Review(Box::new(record));
    Draft { from: Some(ask.key.clone()), ..draft::<ReviewState>(&seen.run.id, at.round, &record) }
}
