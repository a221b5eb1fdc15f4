//! Groups the follow-ups of an approved pull request by the work that they describe.

use std::cmp::Reverse;

use crate::domain::item::{Item, Note};
use crate::domain::item_status::ItemStatus;

use super::similarity::{Wording, one_line};

/// Follow-ups that describe the same work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowUpGroup {
    /// The title of the work: one line without Markdown, at most 120 characters.
    pub title: String,
    /// The most specific wording: most identifiers, then longest, then first id.
    pub text: String,
    /// The items in order of their ids.
    pub items: Vec<Item>,
}

impl FollowUpGroup {
    /// Returns the original notes, one per line: the text of each item with its author, then later comments.
    pub fn notes(&self) -> Vec<String> {
        self.items.iter().flat_map(lines_about).collect()
    }

    fn of(members: &[FollowUp<'_>]) -> Option<Self> {
        let chosen = members.iter().max_by_key(|member| member.specificity())?;
        let items = members.iter().map(|member| member.item.clone()).collect();
        Some(Self { title: chosen.title(), text: chosen.item.text.clone(), items })
    }
}

fn lines_about(item: &Item) -> Vec<String> {
    let opening = format!("{} by {} in round {}: {}", item.id, item.author, item.round, item.text);
    let said = |note: &Note| format!("{}, {} in round {}: {}", item.id, note.author, note.round, note.text);
    let later = item.notes.iter().map(said);
    std::iter::once(opening).chain(later).map(|line| one_line(&line)).collect()
}

/// Groups the future items of reviewers. The groups are in the order of their first items.
pub fn group(items: &[Item]) -> Vec<FollowUpGroup> {
    let left = items.iter().filter(|item| item.status == ItemStatus::Future && item.is_reviewers());
    let follow_ups = left.enumerate().map(|(place, item)| FollowUp::new(place, item));
    let mut parts = follow_ups.fold(Vec::new(), admit);
    for part in &mut parts {
        part.sort_by_key(|member| member.place);
    }
    parts.sort_by_key(|part| part.first().map(|member| member.place));
    parts.iter().filter_map(|part| FollowUpGroup::of(part)).collect()
}

/// Adds a follow-up to the groups so far, and joins all groups that it matches: the relation is transitive.
fn admit<'items>(parts: Vec<Vec<FollowUp<'items>>>, new: FollowUp<'items>) -> Vec<Vec<FollowUp<'items>>> {
    let joins = |part: &Vec<FollowUp<'_>>| part.iter().any(|known| known.is_same_work(&new));
    let (touched, mut apart): (Vec<_>, Vec<_>) = parts.into_iter().partition(joins);
    apart.push(touched.into_iter().flatten().chain([new]).collect());
    apart
}

/// An item with the features of its text.
struct FollowUp<'items> {
    place: usize,
    item: &'items Item,
    wording: Wording,
}

impl<'items> FollowUp<'items> {
    fn new(place: usize, item: &'items Item) -> Self {
        Self { place, item, wording: Wording::of(&item.text) }
    }

    fn is_same_work(&self, other: &Self) -> bool {
        self.wording.is_of_the_same_work(&other.wording)
    }

    fn title(&self) -> String {
        self.wording.title().unwrap_or_else(|| self.item.id.to_string())
    }

    /// Compares two wordings. Equally specific ones are ordered by their ids, independent of their order in the list.
    fn specificity(&self) -> impl Ord + use<'items> {
        let id = self.item.id.as_str();
        (self.wording.identifiers().len(), self.item.text.chars().count(), Reverse((id.len(), id)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::similarity::LONGEST_TITLE;
    use super::*;
    use std::collections::BTreeSet;

    use crate::domain::ids::ItemId;
    use crate::domain::item::Author;
    use proptest::prelude::*;

    fn finding(number: u64, text: &str) -> Item {
        let (author, status) = (Author::Reviewer("codex".parse().unwrap()), ItemStatus::Future);
        let (id, text) = (ItemId::numbered(number), text.to_owned());
        Item {
            id,
            author,
            round: 1,
            text,
            first: status,
            status,
            notes: Vec::new(),
            dispute: None,
            key: None,
        }
    }

    fn grouped<Text: AsRef<str>>(texts: &[Text]) -> Vec<FollowUpGroup> {
        group(&(1..).zip(texts).map(|(number, text)| finding(number, text.as_ref())).collect::<Vec<_>>())
    }

    #[test]
    fn equal_words_titles_or_clauses_group() {
        for same in [
            ["- **Fix** it.", "fix it"],
            ["**Retries:** none at night", "1. **Retries** after a 503 would help"],
            ["Document the limits: nobody knows them", "- *Document* the limits - in the README"],
            ["Warn on a full disk", "Warn on a full disk; it is rare"],
        ] {
            assert_eq!(grouped(&same).len(), 1, "{same:?}");
        }
    }

    #[test]
    fn identifiers_group_only_with_a_topic() {
        let panics = "`parse_header()` panics on headers of zero bytes";
        assert_eq!(grouped(&[panics, "Let parse_header return an error, not panic."]).len(), 1);
        assert_eq!(grouped(&[panics, "The docs of `parse_header` are stale"]).len(), 2);
        assert_eq!(grouped(&[panics, "`main()` panics without arguments"]).len(), 2);
        assert_eq!(grouped(&["The parser in `parser.rs` leaks", "A slow parser: parser.rs:42"]).len(), 2);
        assert_eq!(grouped(&["`run()` should change", "Another change that `run()` needs"]).len(), 2);
    }

    #[test]
    fn short_and_long_clauses_group_nothing() {
        assert_eq!(grouped(&["Add tests: for the lexer", "Add tests: for the printer"]).len(), 2);
        let long = "a b c d e f g h i j k l m";
        assert_eq!(grouped(&[format!("{long}: one"), format!("{long}: two")]).len(), 2);
        assert_eq!(grouped(&["The type `Parser::next` is big", "The type `Parser::peek` is odd"]).len(), 2);
    }

    #[test]
    fn a_later_item_joins_two_groups() {
        let apart = ["**Retries** at night", "`push()` hides a timeout", "Something else"];
        assert_eq!(grouped(&apart).len(), 3);
        let joined = grouped(&[apart[0], apart[1], apart[2], "**Retries**: `push()` timeouts"]);
        assert_eq!(joined.iter().map(|one| one.items.len()).collect::<Vec<_>>(), [3, 1]);
    }

    #[test]
    fn titles_are_bold_or_leading_words() {
        for (text, title) in [
            ("- **Retry `push_once`:** it\nfails", "Retry push_once"),
            ("_Document_ the [limits](docs/a.md): now", "Document the limits"),
            ("Nit: rename the\nhelper.", "Nit: rename the helper"),
            ("***", "item-1"),
        ] {
            assert_eq!(grouped(&[text])[0].title, title);
        }
        assert!(grouped(&["word ".repeat(50)])[0].title.ends_with("word word…"));
    }

    #[test]
    fn the_most_specific_wording_speaks() {
        let mut first = finding(1, "**Retries:** the client gives\nup early");
        first.notes.push(Note { author: "claude".to_owned(), round: 2, text: "still\nso".to_owned() });
        let groups = group(&[first, finding(2, "**Retries** in `push()`")]);
        assert_eq!(groups[0].text, "**Retries** in `push()`");
        let notes = "item-1 by codex in round 1: **Retries:** the client gives up early
item-1, claude in round 2: still so
item-2 by codex in round 1: **Retries** in `push()`";
        assert_eq!(groups[0].notes().join("\n"), notes);
    }

    fn text() -> impl Strategy<Value = String> {
        "((`push\\(\\)`|parser\\.rs|panics|retry|\\*\\*Limits\\*\\*|:|-|\\.|\n|`|the disk|.{0,9}) ){0,6}"
    }

    fn ledger() -> impl Strategy<Value = Vec<Item>> {
        proptest::collection::vec((text(), 0_u8..9), 0..12).prop_map(|texts| {
            let items = (1..).zip(texts).map(|(number, (text, kind))| match kind {
                0 => Item { author: Author::Gate("ci".parse().unwrap()), ..finding(number, &text) },
                1 => Item { status: ItemStatus::Resolved, ..finding(number, &text) },
                2.. => finding(number, &text),
            });
            items.collect()
        })
    }

    /// Returns the groups, independent of their order and that of their items.
    fn partition(items: &[Item]) -> BTreeSet<(String, String, BTreeSet<ItemId>)> {
        let ids = |one: &FollowUpGroup| one.items.iter().map(|item| item.id.clone()).collect();
        group(items).into_iter().map(|one| (one.title.clone(), one.text.clone(), ids(&one))).collect()
    }

    proptest! {
        #[test]
        fn groups_partition_the_ledger_in_order(items in ledger()) {
            let groups = group(&items);
            let place = |item: &Item| items.iter().position(|known| known == item).unwrap();
            prop_assert!(groups.iter().all(|one| one.items.is_sorted_by_key(place)));
            prop_assert!(groups.is_sorted_by_key(|one| place(&one.items[0])));
            let mut all: Vec<&Item> = groups.iter().flat_map(|one| &one.items).collect();
            all.sort_by_key(|item| place(item));
            let left = items.iter().filter(|item| item.is_reviewers() && item.status == ItemStatus::Future);
            prop_assert!(left.eq(all));
        }

        #[test]
        fn titles_are_one_plain_line(text in text(), long in ".{0,300}") {
            for title in [text, long].map(|text| grouped(&[text])[0].title.clone()) {
                prop_assert!((1..=LONGEST_TITLE).contains(&title.chars().count()));
                prop_assert!(!title.contains(|letter: char| letter.is_control() || "*`".contains(letter)));
            }
        }

        #[test]
        fn order_and_later_notes_decide_nothing(
            (items, mut other) in ledger().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle()))
        ) {
            let note = Note { author: "claude".to_owned(), round: 2, text: "`push()` panics".to_owned() };
            other.iter_mut().step_by(2).for_each(|item| item.notes.push(note.clone()));
            prop_assert_eq!(partition(&items), partition(&other));
        }

        #[test]
        fn grouping_is_idempotent(items in ledger()) {
            let groups = group(&items);
            prop_assert!(groups.iter().all(|one| group(&one.items) == [one.clone()]));
            let again = grouped(&groups.iter().map(|one| &one.text).collect::<Vec<_>>());
            prop_assert!(again.iter().map(|one| &one.text).eq(groups.iter().map(|one| &one.text)));
        }

        #[test]
        fn repetition_adds_no_group(items in ledger()) {
            let renumbered = |(number, item): (_, &Item)| Item { id: ItemId::numbered(number), ..item.clone() };
            let copies = (101..).zip(&items).map(renumbered);
            let twice = group(&items.iter().cloned().chain(copies).collect::<Vec<_>>());
            let look = |one: &FollowUpGroup, times| (one.title.clone(), one.text.clone(), times * one.items.len());
            prop_assert!(twice.iter().map(|one| look(one, 1)).eq(group(&items).iter().map(|one| look(one, 2))));
        }
    }
}
