//! The findings of a run: how they are opened, how dispositions are merged (the worst wins), and the effects of gates and coders.

use std::collections::BTreeSet;

use crate::domain::ids::{GateName, ItemId, Label};
use crate::domain::item::{Author, CarriedItem, Dispute, Item, Note, OpenedItem};
use crate::domain::item_status::{Disposition, ItemStatus, worst};
use crate::protocol::recorded::Reply;

/// The dispositions of one reviewer in one round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CastReview {
    pub round: u32,
    pub agent: Label,
    pub opened: Vec<OpenedItem>,
    pub dispositions: Vec<Disposition>,
}

/// The coder's notes on items after a round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoderReply {
    pub round: u32,
    pub agent: Label,
    pub reply: Reply,
}

/// The effects of one measurement of a gate on items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateChanges<'record> {
    pub round: u32,
    pub gate: &'record GateName,
    pub opened: &'record [OpenedItem],
    /// Open items of the gate, with their new text.
    pub updated: &'record [OpenedItem],
    pub resolved: &'record [ItemId],
}

/// Whether `resolved` is accepted: not if the head has moved during the review.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolutions {
    Count,
    Void,
}

/// Merges the reviews of one round into the items. The order of the reviews is irrelevant.
pub fn merge(items: Vec<Item>, reviews: &[CastReview], resolutions: Resolutions) -> Vec<Item> {
    let mut merged = items;
    for item in &mut merged {
        judge(item, reviews, resolutions);
    }
    for review in reviews {
        let author = Author::Reviewer(review.agent.clone());
        merged.extend(review.opened.iter().map(|opened| open(opened, author.clone(), review.round)));
    }
    merged
}

fn judge(item: &mut Item, reviews: &[CastReview], resolutions: Resolutions) {
    let said: Vec<(&CastReview, &Disposition)> = reviews
        .iter()
        .flat_map(|review| review.dispositions.iter().map(move |said| (review, said)))
        .filter(|(_, said)| said.item == item.id)
        .collect();
    let counts =
        |said: &&Disposition| resolutions == Resolutions::Count || said.status != ItemStatus::Resolved;
    let statuses = said.iter().map(|(_, said)| *said).filter(counts).map(|said| said.status);
    item.status = worst(item.status, statuses);
    for (review, said) in said {
        let (author, round) = (review.agent.to_string(), review.round);
        item.notes.extend(said.note.as_ref().map(|text| Note { author, round, text: text.clone() }));
    }
}

fn open(opened: &OpenedItem, author: Author, round: u32) -> Item {
    Item {
        id: opened.id.clone(),
        author,
        round,
        text: opened.text.clone(),
        first: opened.status,
        status: opened.status,
        notes: Vec::new(),
        dispute: None,
        key: opened.key.clone(),
    }
}

/// Creates an item from an older thread.
pub fn carried(item: &CarriedItem) -> Item {
    let note =
        |text: &String| Note { author: "the older thread".to_owned(), round: item.round, text: text.clone() };
    Item {
        id: item.id.clone(),
        author: Author::Reviewer(item.reviewer.clone()),
        round: item.round,
        text: item.text.clone(),
        first: item.status,
        status: item.status,
        notes: item.notes.iter().map(note).collect(),
        dispute: None,
        key: None,
    }
}

/// Applies a measurement of a gate to the items.
pub fn apply_gate(items: &mut Vec<Item>, changes: &GateChanges<'_>) {
    for item in items.iter_mut() {
        if changes.resolved.contains(&item.id) {
            item.status = ItemStatus::Resolved;
        }
        if let Some(update) = changes.updated.iter().find(|update| update.id == item.id) {
            item.status = update.status;
            item.text.clone_from(&update.text);
        }
    }
    let author = Author::Gate(changes.gate.clone());
    items.extend(changes.opened.iter().map(|opened| open(opened, author.clone(), changes.round)));
}

/// Returns the open items of a gate.
pub fn open_of<'items>(items: &'items [Item], gate: &GateName) -> Vec<&'items Item> {
    let author = Author::Gate(gate.clone());
    items.iter().filter(|item| item.author == author && item.must_fix()).collect()
}

/// Returns the gates with open items, without the checks of the forge and the merge, which every run looks at.
pub fn red_gates(items: &[Item]) -> BTreeSet<GateName> {
    let gate = |item: &Item| match &item.author {
        Author::Gate(gate) if ![GateName::ci(), GateName::merge()].contains(gate) => Some(gate.clone()),
        Author::Gate(_) | Author::Reviewer(_) => None,
    };
    items.iter().filter(|item| item.must_fix()).filter_map(gate).collect()
}

/// Adds the coder's notes and objections to the items. An objection is valid until the next reply.
pub fn apply_reply(items: &mut [Item], reply: &CoderReply) {
    let CoderReply { round, agent, reply } = reply;
    let (author, round) = (agent.to_string(), *round);
    for item in items.iter_mut() {
        for note in reply.notes.iter().filter(|note| note.item == item.id) {
            item.notes.push(Note { author: author.clone(), round, text: note.text.clone() });
        }
        let dispute = reply.disputes.iter().find(|dispute| dispute.item == item.id);
        item.dispute = dispute.map(|dispute| Dispute { round, evidence: dispute.text.clone() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn review(agent: &str, status: ItemStatus) -> CastReview {
        let said = Disposition { item: ItemId::numbered(1), status, note: None };
        let agent = agent.parse().unwrap();
        CastReview { round: 1, agent, opened: Vec::new(), dispositions: vec![said] }
    }

    fn opened(number: u64, key: Option<&str>) -> OpenedItem {
        let (id, key) = (ItemId::numbered(number), key.map(str::to_owned));
        OpenedItem { id, status: ItemStatus::Blocking, text: "x".to_owned(), key }
    }

    fn item() -> Item {
        open(&opened(1, None), Author::Reviewer("a".parse().unwrap()), 1)
    }

    #[test]
    fn no_reviewer_waves_an_item_away() {
        let reviews = [review("a", ItemStatus::Resolved), review("b", ItemStatus::SamePr)];
        assert_eq!(merge(vec![item()], &reviews, Resolutions::Count)[0].status, ItemStatus::SamePr);
    }

    #[test]
    fn resolutions_on_another_head_are_void() {
        let reviews = [review("a", ItemStatus::Resolved)];
        assert_eq!(merge(vec![item()], &reviews, Resolutions::Void)[0].status, ItemStatus::Blocking);
        assert_eq!(merge(vec![item()], &reviews, Resolutions::Count)[0].status, ItemStatus::Resolved);
    }

    #[test]
    fn a_gate_owns_several_items() {
        let gate = GateName::tests();
        let mut items = vec![item()];
        let two = [opened(2, Some("a")), opened(3, Some("b"))];
        let changes = GateChanges { round: 1, gate: &gate, opened: &two, updated: &[], resolved: &[] };
        apply_gate(&mut items, &changes);
        assert_eq!(open_of(&items, &gate).len(), 2);
        let fixed = [ItemId::numbered(2)];
        apply_gate(&mut items, &GateChanges { opened: &[], resolved: &fixed, ..changes });
        let left: Vec<&str> = open_of(&items, &gate).iter().filter_map(|item| item.key.as_deref()).collect();
        assert_eq!(left, ["b"]);
    }

    proptest! {
        #[test]
        fn void_resolutions_soften_nothing(
            standings in proptest::collection::vec(
                prop_oneof![
                    Just(ItemStatus::Resolved), Just(ItemStatus::Future), Just(ItemStatus::SamePr), Just(ItemStatus::Blocking)
                ],
                0..4,
            )
        ) {
            let reviews: Vec<_> =
                standings.iter().enumerate().map(|(index, one)| review(&format!("r{index}"), *one)).collect();
            let counted = merge(vec![item()], &reviews, Resolutions::Count);
            let voided = merge(vec![item()], &reviews, Resolutions::Void);
            prop_assert!(voided[0].status >= counted[0].status);
        }
    }
}
