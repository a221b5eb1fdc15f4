//! Merges the rounds of an older thread into its open findings.

use std::collections::BTreeMap;

use crate::domain::ids::{ItemId, Label};
use crate::domain::item_status::{Disposition, ItemStatus, worst};
use crate::protocol::comparison::normalised;

use super::comment::{Head, OlderComment, OlderFinding};
use super::names::number;
use super::rounds::Round;
use crate::domain::item::CarriedItem;

/// Returns the items that must be fixed after all rounds, and the number of the next item.
pub(super) fn merge(rounds: &[Round]) -> (Vec<CarriedItem>, u64) {
    let mut fold = Fold { next: 1, ..Fold::default() };
    for round in rounds {
        fold.round(round);
    }
    fold.finish()
}

/// The maximum number of notes of an item; older notes are dropped.
const MOST_NOTES: usize = 50;

/// An item after the rounds so far.
struct KnownItem {
    item: CarriedItem,
    /// The head of the last comment that mentioned the item.
    head: Option<Head>,
}

/// The key of a finding without an id: reviewer, head and normalised text.
type TextKey = (Label, Option<Head>, String);

/// The number of an item in order of appearance.
type Index = usize;

#[derive(Default)]
struct Fold {
    items: BTreeMap<Index, KnownItem>,
    names: BTreeMap<ItemId, Index>,
    texts: BTreeMap<TextKey, Index>,
    appeared: Index,
    next: u64,
}

impl Fold {
    /// Adds a round: first the known findings, then their dispositions, then the new findings.
    fn round(&mut self, round: &Round) {
        let numbers = round.said.iter().flat_map(OlderComment::ids).filter_map(number);
        self.next = numbers.map(|number| number + 1).fold(self.next, u64::max);
        // Lists of one round differ when one of them is stale: the latest counts, and a reviewer's before a coder's.
        let lists = |said: &&OlderComment| said.prior.is_some();
        if let Some(said) = round.reviews().rfind(lists).or_else(|| round.said.iter().rfind(lists)) {
            for finding in said.prior.iter().flatten() {
                self.remember(round, said, finding);
            }
        }
        self.dispose(round);
        for said in round.reviews() {
            for finding in &said.new {
                self.raise(round, said, finding);
            }
        }
        if round.reviews().any(|said| said.prior.is_some()) {
            self.forget_other_heads(round);
        }
        self.next = round.said.iter().map(|said| said.next_item).fold(self.next, u64::max);
    }

    /// Adds an item that was listed as known. A list can make an item worse, but never reopens a resolved one.
    fn remember(&mut self, round: &Round, said: &OlderComment, finding: &OlderFinding) {
        let index = match &finding.id {
            Some(id) => self.by_id(id),
            None => self.by_text(round, said, finding),
        };
        match index {
            Some(index) => {
                self.mention(index, round, finding);
                self.set_status(index, |before| match before {
                    ItemStatus::Resolved => before,
                    ItemStatus::Future | ItemStatus::SamePr | ItemStatus::Blocking => {
                        before.max(finding.status)
                    }
                });
            }
            None => self.add(round, said, finding),
        }
    }

    /// Adds a new finding. If a different finding has its id, that one is renamed: the later comment is more recent.
    fn raise(&mut self, round: &Round, said: &OlderComment, finding: &OlderFinding) {
        let namesake = finding.id.as_ref().and_then(|id| self.by_id(id));
        let known = match namesake {
            Some(index) if self.has_same_text(index, finding) => Some(index),
            Some(_) | None => self.by_text(round, said, finding),
        };
        match (known, &finding.id) {
            (Some(index), id) => {
                self.mention(index, round, finding);
                self.set_status(index, |before| before.max(finding.status));
                if let Some(id) = id {
                    self.names.entry(id.clone()).or_insert(index);
                }
            }
            (None, Some(id)) => {
                self.rename(id);
                self.add(round, said, finding);
            }
            (None, None) => self.add(round, said, finding),
        }
    }

    /// Merges the dispositions of a round. Dispositions of unknown items are ignored.
    fn dispose(&mut self, round: &Round) {
        let mut by_item: BTreeMap<Index, Vec<&Disposition>> = BTreeMap::new();
        for disposition in round.reviews().flat_map(|said| &said.words) {
            if let Some(index) = self.by_id(&disposition.item) {
                by_item.entry(index).or_default().push(disposition);
            }
        }
        for (index, dispositions) in by_item {
            self.set_status(index, |before| worst(before, dispositions.iter().map(|one| one.status)));
            if let Some(known) = self.items.get_mut(&index) {
                known.add_notes(dispositions.iter().filter_map(|one| one.note.as_ref()));
            }
            self.move_to(index, round);
        }
    }

    /// Removes items of other heads: a reviewer's list of known items is complete.
    fn forget_other_heads(&mut self, round: &Round) {
        self.items.retain(|_, known| known.head == round.head);
    }

    fn by_id(&self, id: &ItemId) -> Option<Index> {
        self.names.get(id).copied().filter(|index| self.items.contains_key(index))
    }

    fn by_text(&self, round: &Round, said: &OlderComment, finding: &OlderFinding) -> Option<Index> {
        let reviewer = finding.reviewer.as_ref().unwrap_or(&said.speaker);
        let key = (reviewer.clone(), round.head.clone(), normalised(&finding.text));
        let index = self.texts.get(&key).copied()?;
        (!finding.text.is_empty() && self.items.contains_key(&index)).then_some(index)
    }

    fn has_same_text(&self, index: Index, finding: &OlderFinding) -> bool {
        let known = self.items.get(&index).map_or("", |known| known.item.text.as_str());
        known.is_empty() || finding.text.is_empty() || normalised(known) == normalised(&finding.text)
    }

    fn set_status(&mut self, index: Index, change: impl FnOnce(ItemStatus) -> ItemStatus) {
        if let Some(known) = self.items.get_mut(&index) {
            known.item.status = change(known.item.status);
        }
    }

    fn mention(&mut self, index: Index, round: &Round, finding: &OlderFinding) {
        if let Some(known) = self.items.get_mut(&index) {
            if known.item.text.is_empty() {
                known.item.text.clone_from(&finding.text);
            }
            known.add_notes(&finding.notes);
        }
        self.move_to(index, round);
    }

    /// Moves an item to the head of a round.
    fn move_to(&mut self, index: Index, round: &Round) {
        if let Some(known) = self.items.get_mut(&index) {
            known.head.clone_from(&round.head);
            let key = (known.item.reviewer.clone(), round.head.clone(), normalised(&known.item.text));
            self.texts.entry(key).or_insert(index);
        }
    }

    fn add(&mut self, round: &Round, said: &OlderComment, finding: &OlderFinding) {
        let index = self.appeared;
        self.appeared += 1;
        let id = finding.id.clone().unwrap_or_else(|| self.fresh());
        self.names.insert(id.clone(), index);
        let item = CarriedItem {
            id,
            reviewer: finding.reviewer.clone().unwrap_or_else(|| said.speaker.clone()),
            round: round.number,
            status: finding.status,
            text: finding.text.clone(),
            notes: Vec::new(),
        };
        let mut known = KnownItem { item, head: round.head.clone() };
        known.add_notes(&finding.notes);
        self.items.insert(index, known);
        self.move_to(index, round);
    }

    /// Gives the item with this id a new id.
    fn rename(&mut self, id: &ItemId) {
        let Some(index) = self.names.remove(id) else { return };
        let fresh = self.fresh();
        if let Some(known) = self.items.get_mut(&index).filter(|known| known.item.id == *id) {
            known.item.id.clone_from(&fresh);
            self.names.insert(fresh, index);
        }
    }

    fn fresh(&mut self) -> ItemId {
        let id = ItemId::numbered(self.next);
        self.next += 1;
        id
    }

    fn finish(self) -> (Vec<CarriedItem>, u64) {
        let items = self.items.into_values().map(|known| known.item);
        (items.filter(|item| item.status.must_fix() && !item.text.is_empty()).collect(), self.next)
    }
}

impl KnownItem {
    /// Adds notes that the item does not have yet.
    fn add_notes<'notes>(&mut self, notes: impl IntoIterator<Item = &'notes String>) {
        let text = normalised(&self.item.text);
        let known = &mut self.item.notes;
        for note in notes {
            let normal = normalised(note);
            if normal != text && !known.iter().any(|before| normalised(before) == normal) {
                known.push(note.clone());
            }
            if known.len() > MOST_NOTES {
                known.remove(0);
            }
        }
    }
}
