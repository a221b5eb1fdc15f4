//! The ledger of items: opening, merging dispositions worst-wins, notes, disputes.

use crate::domain::ids::{CommitSha, GateName, ItemId, Label};
use crate::domain::item::{Author, Dispute, Item, Note, OpenedItem};
use crate::domain::item_status::{Disposition, ItemStatus, worst};
use crate::ledger::legacy::CarriedItem;
use crate::ledger::payload::{Answered, Gates, Review};

/// Whether `resolved` counts: it does not, when the head has moved under the review.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolutions {
    Count,
    Void,
}

/// Items with what the reviews of one round say about them. Who said what first does not matter.
pub fn merge(items: Vec<Item>, reviews: &[(u32, Review)], resolutions: Resolutions) -> Vec<Item> {
    let mut merged = items;
    for item in &mut merged {
        judge(item, reviews, resolutions);
    }
    for (round, review) in reviews {
        let author = Author::Reviewer(review.agent.clone());
        merged.extend(review.opened.iter().map(|opened| open(opened, author.clone(), *round)));
    }
    merged
}

fn judge(item: &mut Item, reviews: &[(u32, Review)], resolutions: Resolutions) {
    let said: Vec<(u32, &Label, &Disposition)> = reviews
        .iter()
        .flat_map(|(round, review)| review.dispositions.iter().map(move |said| (*round, &review.agent, said)))
        .filter(|(_, _, said)| said.item == item.id)
        .collect();
    let counts =
        |said: &&Disposition| resolutions == Resolutions::Count || said.standing != ItemStatus::Resolved;
    let words = said.iter().map(|(_, _, said)| *said).filter(counts).map(|said| said.standing);
    item.standing = worst(item.standing, words);
    for (round, agent, said) in said {
        let note =
            said.note.as_ref().map(|text| Note { author: agent.to_string(), round, text: text.clone() });
        item.notes.extend(note);
    }
}

fn open(opened: &OpenedItem, author: Author, round: u32) -> Item {
    Item {
        id: opened.id.clone(),
        author,
        round,
        text: opened.text.clone(),
        first: opened.standing,
        standing: opened.standing,
        notes: Vec::new(),
        dispute: None,
    }
}

/// An item of an older thread.
pub fn carried(item: &CarriedItem) -> Item {
    let note =
        |text: &String| Note { author: "the older thread".to_owned(), round: item.round, text: text.clone() };
    Item {
        id: item.id.clone(),
        author: Author::Reviewer(item.reviewer.clone()),
        round: item.round,
        text: item.text.clone(),
        first: item.standing,
        standing: item.standing,
        notes: item.notes.iter().map(note).collect(),
        dispute: None,
    }
}

/// Puts what gates measured into the items. The opened ones belong, in order, to the red gates that have no open item.
pub fn apply_gates(items: &mut Vec<Item>, round: u32, record: &Gates) {
    for item in items.iter_mut() {
        if record.resolved.contains(&item.id) {
            item.standing = ItemStatus::Resolved;
        }
        if let Some(update) = record.updated.iter().find(|update| update.id == item.id) {
            item.standing = update.standing;
            item.text.clone_from(&update.text);
        }
    }
    let red =
        record.measurements.iter().filter(|measured| measured.verdict == crate::domain::gate::Verdict::Fail);
    let without_item: Vec<&GateName> = red.map(|measured| &measured.gate).collect();
    let fresh =
        without_item.into_iter().filter(|gate| open_item(items, gate).is_none()).cloned().collect::<Vec<_>>();
    for (opened, gate) in record.opened.iter().zip(fresh) {
        items.push(open(opened, Author::Gate(gate), round));
    }
}

/// The open item of a gate.
pub fn open_item<'items>(items: &'items [Item], gate: &GateName) -> Option<&'items Item> {
    items.iter().find(|item| item.author == Author::Gate(gate.clone()) && item.must_fix())
}

/// Puts the coder's notes and objections into the items.
pub fn apply_answer(items: &mut [Item], round: u32, record: &Answered) {
    let response = &record.response;
    let maps = [&response.addressed_item_notes, &response.remaining_item_notes];
    for item in items.iter_mut() {
        for note in maps.iter().filter_map(|map| map.as_ref()?.get(item.id.as_str())) {
            let text = note.as_str().to_owned();
            item.notes.push(Note { author: record.agent.to_string(), round, text });
        }
        item.dispute = dispute(&item.id, round, record);
    }
}

fn dispute(id: &ItemId, round: u32, record: &Answered) -> Option<Dispute> {
    let disputed =
        record.response.disputed_items.iter().flatten().any(|disputed| disputed.as_str() == id.as_str());
    let evidence =
        record.response.dispute_evidence.as_ref().and_then(|evidence| evidence.get(id.as_str()))?;
    let head: CommitSha = record.head_after.clone();
    disputed.then(|| Dispute { round, head, evidence: evidence.as_str().to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::usage::Usage;
    use proptest::prelude::*;

    fn review(agent: &str, standing: ItemStatus) -> (u32, Review) {
        let json = r#"{"schema_version":1,"kind":"pr_review","state":"approved","summary":"s","prior_item_dispositions":[]}"#;
        let said = Disposition { item: ItemId::numbered(1), standing, note: None };
        let review = Review {
            agent: agent.parse().unwrap(),
            head: "a".repeat(40).parse().unwrap(),
            response: serde_json::from_str(json).unwrap(),
            opened: Vec::new(),
            dispositions: vec![said],
            next_item: 2,
            normalisations: Vec::new(),
            repairs: Vec::new(),
            requirements: Vec::new(),
            usage: Usage::default(),
            model: None,
        };
        (1, review)
    }

    fn item() -> Item {
        let opened =
            OpenedItem { id: ItemId::numbered(1), standing: ItemStatus::Blocking, text: "x".to_owned() };
        open(&opened, Author::Reviewer("a".parse().unwrap()), 1)
    }

    #[test]
    fn one_reviewer_alone_cannot_wave_an_item_away() {
        let reviews = [review("a", ItemStatus::Resolved), review("b", ItemStatus::SamePr)];
        assert_eq!(merge(vec![item()], &reviews, Resolutions::Count)[0].standing, ItemStatus::SamePr);
    }

    #[test]
    fn a_resolution_given_on_another_head_does_not_count() {
        let reviews = [review("a", ItemStatus::Resolved)];
        assert_eq!(merge(vec![item()], &reviews, Resolutions::Void)[0].standing, ItemStatus::Blocking);
        assert_eq!(merge(vec![item()], &reviews, Resolutions::Count)[0].standing, ItemStatus::Resolved);
    }

    proptest! {
        #[test]
        fn voiding_resolutions_never_makes_an_item_milder(
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
            prop_assert!(voided[0].standing >= counted[0].standing);
        }
    }
}
