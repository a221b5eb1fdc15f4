//! From the rounds of an older thread to what is still to be fixed.

use std::collections::BTreeMap;

use crate::domain::ids::{ItemId, Label};
use crate::domain::item_status::{Disposition, ItemStatus, worst};
use crate::protocol::findings::normalised;

use super::comment::{Head, OlderComment, OlderFinding};
use super::names::number;
use super::rounds::Round;
use crate::domain::item::CarriedItem;

/// The items that must be fixed at the end of the rounds, and the number of the next item.
pub(super) fn merge(rounds: &[Round]) -> (Vec<CarriedItem>, u64) {
    let mut fold = Fold { next: 1, ..Fold::default() };
    for round in rounds {
        fold.round(round);
    }
    fold.left()
}

/// The most notes that an item keeps, the latest.
const MOST_NOTES: usize = 50;

/// An item, as the rounds so far have it.
struct Held {
    item: CarriedItem,
    /// The head on which it was last spoken of.
    head: Option<Head>,
}

/// By what a finding without a name is known again: who says it, on which head, in which words.
type Words = (Label, Option<Head>, String);

/// The order in which an item appeared.
type Place = usize;

#[derive(Default)]
struct Fold {
    items: BTreeMap<Place, Held>,
    names: BTreeMap<ItemId, Place>,
    words: BTreeMap<Words, Place>,
    appeared: Place,
    next: u64,
}

impl Fold {
    /// First what was known before, then the words on it, then what is new.
    fn round(&mut self, round: &Round) {
        let numbers = round.said.iter().flat_map(OlderComment::ids).filter_map(number);
        self.next = numbers.map(|number| number + 1).fold(self.next, u64::max);
        for said in &round.said {
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

    /// An item that was listed as known. A list can make it worse, and never brings back what is resolved.
    fn remember(&mut self, round: &Round, said: &OlderComment, finding: &OlderFinding) {
        let place = match &finding.id {
            Some(id) => self.named(id),
            None => self.worded(round, said, finding),
        };
        match place {
            Some(place) => {
                self.speak_of(place, round, finding);
                self.set_standing(place, |before| match before {
                    ItemStatus::Resolved => before,
                    ItemStatus::Future | ItemStatus::SamePr | ItemStatus::Blocking => {
                        before.max(finding.standing)
                    }
                });
            }
            None => self.add(round, said, finding),
        }
    }

    /// A finding that was raised. Another one of its name gives the name up: the later comment is nearer to now.
    fn raise(&mut self, round: &Round, said: &OlderComment, finding: &OlderFinding) {
        let namesake = finding.id.as_ref().and_then(|id| self.named(id));
        let again = match namesake {
            Some(place) if self.says_the_same(place, finding) => Some(place),
            Some(_) | None => self.worded(round, said, finding),
        };
        match (again, &finding.id) {
            (Some(place), id) => {
                self.speak_of(place, round, finding);
                self.set_standing(place, |before| before.max(finding.standing));
                if let Some(id) = id {
                    self.names.entry(id.clone()).or_insert(place);
                }
            }
            (None, Some(id)) => {
                self.rename(id);
                self.add(round, said, finding);
            }
            (None, None) => self.add(round, said, finding),
        }
    }

    /// The words of a round's reviewers on each item, merged. Words on an unknown one say nothing.
    fn dispose(&mut self, round: &Round) {
        let mut of: BTreeMap<Place, Vec<&Disposition>> = BTreeMap::new();
        for word in round.reviews().flat_map(|said| &said.words) {
            if let Some(place) = self.named(&word.item) {
                of.entry(place).or_default().push(word);
            }
        }
        for (place, words) in of {
            self.set_standing(place, |before| worst(before, words.iter().map(|word| word.standing)));
            if let Some(held) = self.items.get_mut(&place) {
                held.note(words.iter().filter_map(|word| word.note.as_ref()));
            }
            self.move_to(place, round);
        }
    }

    /// A reviewer's list of what was known is whole: what only older heads knew is over.
    fn forget_other_heads(&mut self, round: &Round) {
        self.items.retain(|_, held| held.head == round.head);
    }

    fn named(&self, id: &ItemId) -> Option<Place> {
        self.names.get(id).copied().filter(|place| self.items.contains_key(place))
    }

    fn worded(&self, round: &Round, said: &OlderComment, finding: &OlderFinding) -> Option<Place> {
        let reviewer = finding.reviewer.as_ref().unwrap_or(&said.speaker);
        let words = (reviewer.clone(), round.head.clone(), normalised(&finding.text));
        let place = self.words.get(&words).copied()?;
        (!finding.text.is_empty() && self.items.contains_key(&place)).then_some(place)
    }

    fn says_the_same(&self, place: Place, finding: &OlderFinding) -> bool {
        let known = self.items.get(&place).map_or("", |held| held.item.text.as_str());
        known.is_empty() || finding.text.is_empty() || normalised(known) == normalised(&finding.text)
    }

    fn set_standing(&mut self, place: Place, change: impl FnOnce(ItemStatus) -> ItemStatus) {
        if let Some(held) = self.items.get_mut(&place) {
            held.item.standing = change(held.item.standing);
        }
    }

    fn speak_of(&mut self, place: Place, round: &Round, finding: &OlderFinding) {
        if let Some(held) = self.items.get_mut(&place) {
            if held.item.text.is_empty() {
                held.item.text.clone_from(&finding.text);
            }
            held.note(&finding.notes);
        }
        self.move_to(place, round);
    }

    /// The item is an item of this head from now on.
    fn move_to(&mut self, place: Place, round: &Round) {
        if let Some(held) = self.items.get_mut(&place) {
            held.head.clone_from(&round.head);
            let words = (held.item.reviewer.clone(), round.head.clone(), normalised(&held.item.text));
            self.words.entry(words).or_insert(place);
        }
    }

    fn add(&mut self, round: &Round, said: &OlderComment, finding: &OlderFinding) {
        let place = self.appeared;
        self.appeared += 1;
        let id = finding.id.clone().unwrap_or_else(|| self.fresh());
        self.names.insert(id.clone(), place);
        let item = CarriedItem {
            id,
            reviewer: finding.reviewer.clone().unwrap_or_else(|| said.speaker.clone()),
            round: round.number,
            standing: finding.standing,
            text: finding.text.clone(),
            notes: Vec::new(),
        };
        let mut held = Held { item, head: round.head.clone() };
        held.note(&finding.notes);
        self.items.insert(place, held);
        self.move_to(place, round);
    }

    /// Gives the item of this name another one.
    fn rename(&mut self, id: &ItemId) {
        let Some(place) = self.names.remove(id) else { return };
        let fresh = self.fresh();
        if let Some(held) = self.items.get_mut(&place).filter(|held| held.item.id == *id) {
            held.item.id.clone_from(&fresh);
            self.names.insert(fresh, place);
        }
    }

    fn fresh(&mut self) -> ItemId {
        let id = ItemId::numbered(self.next);
        self.next += 1;
        id
    }

    fn left(self) -> (Vec<CarriedItem>, u64) {
        let items = self.items.into_values().map(|held| held.item);
        (items.filter(|item| item.standing.must_fix() && !item.text.is_empty()).collect(), self.next)
    }
}

impl Held {
    /// Adds what was not said of it yet.
    fn note<'notes>(&mut self, notes: impl IntoIterator<Item = &'notes String>) {
        let text = normalised(&self.item.text);
        let said = &mut self.item.notes;
        for note in notes {
            let words = normalised(note);
            if words != text && !said.iter().any(|before| normalised(before) == words) {
                said.push(note.clone());
            }
            if said.len() > MOST_NOTES {
                said.remove(0);
            }
        }
    }
}
