//! Follow-ups of an approved pull request: which of them are one piece of work, and what it is called.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::domain::item::{Item, Note};
use crate::domain::item_status::ItemStatus;
use crate::protocol::findings::normalised;

/// The most characters of a title.
const LONGEST_TITLE: usize = 120;

/// What ends a leading clause. A colon inside a word (`Parser::next`, `parser.rs:42`) ends nothing.
const CLAUSE_ENDS: [&str; 7] = [": ", ":*", " - ", " – ", " — ", ". ", "; "];

/// Words that stand in findings about anything, in the order of the alphabet.
const STOP_WORDS: [&str; 76] = [
    "about", "after", "again", "also", "always", "because", "been", "before", "between", "both", "change",
    "code", "consider", "could", "does", "doesn", "each", "even", "every", "file", "follow", "from",
    "function", "future", "have", "here", "instead", "into", "issue", "just", "later", "line", "made",
    "make", "method", "might", "more", "must", "need", "never", "once", "only", "other", "over", "please",
    "pull", "request", "review", "separate", "should", "some", "still", "than", "that", "their", "them",
    "then", "there", "these", "they", "this", "those", "used", "using", "very", "were", "what", "when",
    "where", "which", "while", "will", "with", "without", "worth", "would",
];

/// Follow-ups that are one piece of work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What the work is called: one line without markdown, at most 120 characters.
    pub title: String,
    /// The most specific wording: most identifiers, then longest, then first id.
    pub text: String,
    /// The items, in the order of the ledger.
    pub items: Vec<Item>,
}

impl Group {
    /// The original notes, a line each: every item in its author's words, then what was said about it later.
    pub fn notes(&self) -> Vec<String> {
        self.items.iter().flat_map(lines_about).collect()
    }

    fn of(members: &[FollowUp<'_>]) -> Option<Self> {
        let chosen = members.iter().max_by_key(|member| member.specificity())?;
        let items = members.iter().map(|member| member.item.clone()).collect();
        Some(Self { title: title(chosen), text: chosen.item.text.clone(), items })
    }
}

fn lines_about(item: &Item) -> Vec<String> {
    let opening = format!("{} by {} in round {}: {}", item.id, item.author, item.round, item.text);
    let said = |note: &Note| format!("{}, {} in round {}: {}", item.id, note.author, note.round, note.text);
    let later = item.notes.iter().map(said);
    std::iter::once(opening).chain(later).map(|line| one_line(&line)).collect()
}

/// The future items of reviewers, each in one group. Groups stand in the order of their first items.
pub fn group(items: &[Item]) -> Vec<Group> {
    let left = items.iter().filter(|item| item.standing == ItemStatus::Future && item.is_reviewers());
    let follow_ups = left.enumerate().map(|(place, item)| FollowUp::new(place, item));
    let mut parts = follow_ups.fold(Vec::new(), admit);
    for part in &mut parts {
        part.sort_by_key(|member| member.place);
    }
    parts.sort_by_key(|part| part.first().map(|member| member.place));
    parts.iter().filter_map(|part| Group::of(part)).collect()
}

/// Adds a follow-up to the parts so far. All that it touches become one with it: sharing is transitive.
fn admit<'items>(parts: Vec<Vec<FollowUp<'items>>>, new: FollowUp<'items>) -> Vec<Vec<FollowUp<'items>>> {
    let joins = |part: &Vec<FollowUp<'_>>| part.iter().any(|known| known.is_same_work(&new));
    let (touched, mut apart): (Vec<_>, Vec<_>) = parts.into_iter().partition(joins);
    apart.push(touched.into_iter().flatten().chain([new]).collect());
    apart
}

/// An item that is left to do, and what it is compared by.
struct FollowUp<'items> {
    place: usize,
    item: &'items Item,
    heading: String,
    whole: String,
    title: Option<String>,
    clause: Option<String>,
    identifiers: BTreeSet<String>,
    topics: BTreeSet<String>,
}

impl<'items> FollowUp<'items> {
    fn new(place: usize, item: &'items Item) -> Self {
        let line = one_line(&item.text);
        let body = without_markers(&line);
        let leading = leading_words(body);
        let (identifiers, prose) = identifiers_and_prose(body);
        Self {
            place,
            item,
            whole: normalised(&item.text),
            title: bold_title(body).map(normalised),
            heading: heading(body, leading).to_owned(),
            clause: clause(leading),
            topics: topics(&prose, &identifiers),
            identifiers,
        }
    }

    fn is_same_work(&self, other: &Self) -> bool {
        self.whole == other.whole
            || (self.title.is_some() && self.title == other.title)
            || (self.clause.is_some() && self.clause == other.clause)
            || (!self.identifiers.is_disjoint(&other.identifiers) && !self.topics.is_disjoint(&other.topics))
    }

    /// Of two wordings that say as much, the one with the earlier id counts, wherever it stands in the list.
    fn specificity(&self) -> impl Ord + use<'items> {
        let id = self.item.id.as_str();
        (self.identifiers.len(), self.item.text.chars().count(), Reverse((id.len(), id)))
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A line without the marks of lists, quotes and headings before it.
fn without_markers(line: &str) -> &str {
    let mut rest = line;
    while let Some((_, after)) = rest.split_once(' ').filter(|(word, _)| is_marker(word)) {
        rest = after;
    }
    rest
}

fn is_marker(word: &str) -> bool {
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    ["-", "*", "+", "•", ">", "#", "##", "###"].contains(&word)
        || word.strip_suffix(['.', ')']).is_some_and(is_number)
}

/// The bold words at the beginning.
fn bold_title(body: &str) -> Option<&str> {
    let (title, _) = body.strip_prefix("**")?.split_once("**")?;
    (!normalised(title).is_empty()).then_some(title)
}

/// The leading words, if they are enough to mean something and few enough to be a name.
fn clause(leading: &str) -> Option<String> {
    let clause = normalised(leading);
    (3..=12).contains(&clause.split_whitespace().count()).then_some(clause)
}

/// The words before the first end of a clause that does not stand in code.
fn leading_words(body: &str) -> &str {
    let splits = body.match_indices([':', ' ', '.', ';']).map(|(at, _)| body.split_at(at));
    let mut clauses = splits.filter(|(_, rest)| CLAUSE_ENDS.iter().any(|end| rest.starts_with(end)));
    let is_closed = |(words, rest): &(&str, &str)| words.matches('`').count() % 2 == 0 || !rest.contains('`');
    clauses.find(is_closed).map_or(body, |(words, _)| words)
}

/// Whether a stretch of a text stands between two backticks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    Prose,
    Code,
}

/// A text, split at its backticks. One without a partner begins no code.
fn pieces(body: &str) -> impl Iterator<Item = (Script, &str)> {
    let backticks = body.matches('`').count();
    let script = move |index| if index % 2 == 1 && index < backticks { Script::Code } else { Script::Prose };
    body.split('`').enumerate().map(move |(index, text)| (script(index), text))
}

/// The code identifiers of a text, and its other words.
fn identifiers_and_prose(body: &str) -> (BTreeSet<String>, String) {
    let mut identifiers = BTreeSet::new();
    let mut prose = String::new();
    for (script, text) in pieces(body) {
        let tokens = match script {
            Script::Prose => text.split(is_gap).collect(),
            Script::Code => vec![text],
        };
        for token in tokens {
            let name = bare_name(token);
            if !name.is_empty() && (script == Script::Code || is_identifier(token, name)) {
                identifiers.insert(name.to_owned());
            } else {
                prose.extend([token, " "]);
            }
        }
    }
    (identifiers, prose)
}

fn is_gap(letter: char) -> bool {
    letter.is_whitespace() || ",;\"'‘’“”[]{}<>=|–—…".contains(letter)
}

/// A token without the punctuation around it and the number of a line behind it.
fn bare_name(token: &str) -> &str {
    let bare = token.trim_matches(|letter: char| !letter.is_alphanumeric());
    match bare.split_once(':') {
        Some((file, line)) if line.starts_with(|first: char| first.is_ascii_digit()) => file,
        Some(_) | None => bare,
    }
}

/// Whether a token of prose names something in code. Underscores around it are emphasis.
fn is_identifier(token: &str, name: &str) -> bool {
    name.contains('_')
        || token.contains('/')
        || token.as_bytes().windows(2).any(|pair| matches!(pair, b"::" | b"()"))
        || is_file_name(name)
        || has_inner_capital(name)
}

/// `parser.rs`, but neither `e.g.` nor `v1.2`.
fn is_file_name(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(stem, ending)| {
        stem.chars().count() > 1
            && stem.ends_with(char::is_alphanumeric)
            && ending.starts_with(|first: char| first.is_ascii_lowercase())
            && ending.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    })
}

/// `parseHeader`, `HashMap` and `HTTPServer`, but not `README` or `APIs`.
fn has_inner_capital(name: &str) -> bool {
    let hump = |pair: &[u8]| matches!(pair, [b'a'..=b'z', b'A'..=b'Z']);
    let last_hump = |four: &[u8]| matches!(four, [b'A'..=b'Z', b'A'..=b'Z', b'a'..=b'z', b'a'..=b'z']);
    name.as_bytes().windows(2).any(hump) || name.as_bytes().windows(4).any(last_hump)
}

/// The words that say what a text is about, without a plural `s`. A part of an identifier says nothing new.
fn topics(prose: &str, identifiers: &BTreeSet<String>) -> BTreeSet<String> {
    let named: String = identifiers.iter().map(|name| name.to_lowercase() + " ").collect();
    let lowercase = prose.to_lowercase();
    let is_telling = |word: &&str| STOP_WORDS.binary_search(word).is_err();
    let words = lowercase.split(|letter: char| !letter.is_alphabetic());
    let long_words = words.filter(|word| word.chars().count() >= 4).filter(is_telling);
    let stems: BTreeSet<&str> = long_words.map(|word| word.strip_suffix('s').unwrap_or(word)).collect();
    let topics = stems.into_iter().filter(is_telling).filter(|stem| !named.contains(stem));
    topics.map(str::to_owned).collect()
}

/// The bold title or the leading words. One or two words (`Nit: …`) say too little: there the text goes on.
fn heading<'text>(body: &'text str, leading: &'text str) -> &'text str {
    let enough = Some(leading).filter(|words| words.split(' ').count() >= 3);
    bold_title(body).or(enough).unwrap_or(body)
}

fn title(follow_up: &FollowUp<'_>) -> String {
    let plain = without_markdown(&follow_up.heading);
    if plain.contains(char::is_alphanumeric) { shortened(&plain) } else { follow_up.item.id.to_string() }
}

fn without_markdown(text: &str) -> String {
    let unlinked = without_links(text);
    let words: Vec<&str> = unlinked.split(' ').map(|word| word.trim_matches(['*', '_'])).collect();
    let is_plain = |letter: &char| !matches!(letter, '*' | '`') && !letter.is_control();
    let plain: String = words.join(" ").chars().filter(is_plain).collect();
    one_line(plain.trim_end_matches(['.', '!', ';', ':', ',', ' ']))
}

/// `[text](target)` becomes `text`.
fn without_links(text: &str) -> String {
    let unlinked = |plain: String, part: String| match (plain.rsplit_once('['), part.split_once(')')) {
        (Some((before, label)), Some((_, after))) => format!("{before}{label}{after}"),
        (Some(_) | None, _) => format!("{plain}]({part}"),
    };
    text.split("](").map(str::to_owned).reduce(unlinked).unwrap_or_default()
}

/// A title that is not too long, cut between words if it has any.
fn shortened(title: &str) -> String {
    if title.chars().count() <= LONGEST_TITLE {
        return title.to_owned();
    }
    let cut: String = title.chars().take(LONGEST_TITLE - 1).collect();
    let whole_words = cut.rsplit_once(' ').map_or(cut.as_str(), |(words, _)| words);
    format!("{whole_words}…")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::ItemId;
    use crate::domain::item::Author;
    use proptest::prelude::*;

    fn finding(number: u64, text: &str) -> Item {
        let (author, standing) = (Author::Reviewer("codex".parse().unwrap()), ItemStatus::Future);
        let (id, text) = (ItemId::numbered(number), text.to_owned());
        Item { id, author, round: 1, text, first: standing, standing, notes: Vec::new(), dispute: None }
    }

    fn grouped<Text: AsRef<str>>(texts: &[Text]) -> Vec<Group> {
        group(&(1..).zip(texts).map(|(number, text)| finding(number, text.as_ref())).collect::<Vec<_>>())
    }

    #[test]
    fn the_same_words_title_or_clause_are_one_piece_of_work() {
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
    fn an_identifier_and_a_topic_make_one_piece_of_work_together_but_not_alone() {
        let panics = "`parse_header()` panics on headers of zero bytes";
        assert_eq!(grouped(&[panics, "Let parse_header return an error, not panic."]).len(), 1);
        assert_eq!(grouped(&[panics, "The docs of `parse_header` are stale"]).len(), 2);
        assert_eq!(grouped(&[panics, "`main()` panics without arguments"]).len(), 2);
        assert_eq!(grouped(&["The parser in `parser.rs` leaks", "A slow parser: parser.rs:42"]).len(), 2);
        assert_eq!(grouped(&["`run()` should change", "Another change that `run()` needs"]).len(), 2);
    }

    #[test]
    fn a_clause_of_two_or_of_thirteen_words_says_nothing() {
        assert_eq!(grouped(&["Add tests: for the lexer", "Add tests: for the printer"]).len(), 2);
        let long = "a b c d e f g h i j k l m";
        assert_eq!(grouped(&[format!("{long}: one"), format!("{long}: two")]).len(), 2);
        assert_eq!(grouped(&["The type `Parser::next` is big", "The type `Parser::peek` is odd"]).len(), 2);
    }

    #[test]
    fn two_that_share_nothing_are_one_when_a_later_one_joins_them() {
        let apart = ["**Retries** at night", "`push()` hides a timeout", "Something else"];
        assert_eq!(grouped(&apart).len(), 3);
        let joined = grouped(&[apart[0], apart[1], apart[2], "**Retries**: `push()` timeouts"]);
        assert_eq!(joined.iter().map(|one| one.items.len()).collect::<Vec<_>>(), [3, 1]);
    }

    #[test]
    fn a_token_that_looks_like_code_is_an_identifier_and_a_plain_word_is_not() {
        let code = "(see src/a.rs:42, `--dry run`), **Cargo.toml**; HTTPServer's fooBar, std::fs: open() a_b";
        let found: Vec<String> = identifiers_and_prose(code).0.into_iter().collect();
        let names = "Cargo.toml HTTPServer a_b dry run fooBar open src/a.rs std::fs";
        assert_eq!(found.join(" "), names);
        let prose = "_Really_, e.g. README of v1.2, well-known APIs (all) and `.";
        assert!(identifiers_and_prose(prose).0.is_empty());
    }

    #[test]
    fn a_title_is_the_bold_title_or_the_leading_clause_in_plain_words() {
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
    fn the_most_specific_wording_speaks_for_a_group_and_the_notes_keep_every_word() {
        let mut first = finding(1, "**Retries:** the client gives\nup early");
        first.notes.push(Note { author: "claude".to_owned(), round: 2, text: "still\nso".to_owned() });
        let groups = group(&[first, finding(2, "**Retries** in `push()`")]);
        assert_eq!(groups[0].text, "**Retries** in `push()`");
        let notes = "item-1 by codex in round 1: **Retries:** the client gives up early
item-1, claude in round 2: still so
item-2 by codex in round 1: **Retries** in `push()`";
        assert_eq!(groups[0].notes().join("\n"), notes);
    }

    #[test]
    fn the_stop_words_can_be_searched() {
        assert!(STOP_WORDS.is_sorted());
    }

    fn text() -> impl Strategy<Value = String> {
        "((`push\\(\\)`|parser\\.rs|panics|retry|\\*\\*Limits\\*\\*|:|-|\\.|\n|`|the disk|.{0,9}) ){0,6}"
    }

    fn ledger() -> impl Strategy<Value = Vec<Item>> {
        proptest::collection::vec((text(), 0_u8..9), 0..12).prop_map(|texts| {
            let items = (1..).zip(texts).map(|(number, (text, kind))| match kind {
                0 => Item { author: Author::Gate("ci".parse().unwrap()), ..finding(number, &text) },
                1 => Item { standing: ItemStatus::Resolved, ..finding(number, &text) },
                2.. => finding(number, &text),
            });
            items.collect()
        })
    }

    /// The groups, whatever their order and that of their items.
    fn partition(items: &[Item]) -> BTreeSet<(String, String, BTreeSet<ItemId>)> {
        let ids = |one: &Group| one.items.iter().map(|item| item.id.clone()).collect();
        group(items).into_iter().map(|one| (one.title.clone(), one.text.clone(), ids(&one))).collect()
    }

    proptest! {
        #[test]
        fn every_follow_up_is_in_one_group_and_all_stand_in_the_order_of_the_ledger(items in ledger()) {
            let groups = group(&items);
            let place = |item: &Item| items.iter().position(|known| known == item).unwrap();
            prop_assert!(groups.iter().all(|one| one.items.is_sorted_by_key(place)));
            prop_assert!(groups.is_sorted_by_key(|one| place(&one.items[0])));
            let mut all: Vec<&Item> = groups.iter().flat_map(|one| &one.items).collect();
            all.sort_by_key(|item| place(item));
            let left = items.iter().filter(|item| item.is_reviewers() && item.standing == ItemStatus::Future);
            prop_assert!(left.eq(all));
        }

        #[test]
        fn a_title_is_one_plain_line_for_any_text(text in text(), long in ".{0,300}") {
            for title in [text, long].map(|text| grouped(&[text])[0].title.clone()) {
                prop_assert!((1..=LONGEST_TITLE).contains(&title.chars().count()));
                prop_assert!(!title.contains(|letter: char| letter.is_control() || "*`".contains(letter)));
            }
        }

        #[test]
        fn the_order_of_items_and_what_was_said_later_decide_nothing(
            (items, mut other) in ledger().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle()))
        ) {
            let note = Note { author: "claude".to_owned(), round: 2, text: "`push()` panics".to_owned() };
            other.iter_mut().step_by(2).for_each(|item| item.notes.push(note.clone()));
            prop_assert_eq!(partition(&items), partition(&other));
        }

        #[test]
        fn a_group_grouped_again_is_itself_and_the_wordings_of_two_groups_stay_apart(items in ledger()) {
            let groups = group(&items);
            prop_assert!(groups.iter().all(|one| group(&one.items) == [one.clone()]));
            let again = grouped(&groups.iter().map(|one| &one.text).collect::<Vec<_>>());
            prop_assert!(again.iter().map(|one| &one.text).eq(groups.iter().map(|one| &one.text)));
        }

        #[test]
        fn saying_everything_again_adds_items_but_no_group(items in ledger()) {
            let renumbered = |(number, item): (_, &Item)| Item { id: ItemId::numbered(number), ..item.clone() };
            let copies = (101..).zip(&items).map(renumbered);
            let twice = group(&items.iter().cloned().chain(copies).collect::<Vec<_>>());
            let look = |one: &Group, times| (one.title.clone(), one.text.clone(), times * one.items.len());
            prop_assert!(twice.iter().map(|one| look(one, 1)).eq(group(&items).iter().map(|one| look(one, 2))));
        }
    }
}
