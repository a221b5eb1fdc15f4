//! The features of a finding's text: its title, the code identifiers and the topics. They only decide which follow-ups are
//! filed together, and never what has to be fixed.

use std::collections::BTreeSet;

use crate::protocol::comparison::normalised;

pub const LONGEST_TITLE: usize = 120;

/// The end of a leading clause. A colon within a word (`Parser::next`, `parser.rs:42`) is not one.
const CLAUSE_ENDS: [&str; 7] = [": ", ":*", " - ", " – ", " — ", ". ", "; "];

/// Words that occur in findings about anything, in alphabetical order.
const STOP_WORDS: [&str; 76] = [
    "about", "after", "again", "also", "always", "because", "been", "before", "between", "both", "change",
    "code", "consider", "could", "does", "doesn", "each", "even", "every", "file", "follow", "from",
    "function", "future", "have", "here", "instead", "into", "issue", "just", "later", "line", "made",
    "make", "method", "might", "more", "must", "need", "never", "once", "only", "other", "over", "please",
    "pull", "request", "review", "separate", "should", "some", "still", "than", "that", "their", "them",
    "then", "there", "these", "they", "this", "those", "used", "using", "very", "were", "what", "when",
    "where", "which", "while", "will", "with", "without", "worth", "would",
];

/// The features of a finding's text.
pub struct Wording {
    heading: String,
    whole: String,
    title: Option<String>,
    clause: Option<String>,
    identifiers: BTreeSet<String>,
    topics: BTreeSet<String>,
}

impl Wording {
    pub fn of(text: &str) -> Self {
        let line = one_line(text);
        let body = without_markers(&line);
        let leading = leading_words(body);
        let (identifiers, prose) = identifiers_and_prose(body);
        Self {
            whole: normalised(text),
            title: bold_title(body).map(normalised),
            heading: heading(body, leading).to_owned(),
            clause: clause(leading),
            topics: topics(&prose, &identifiers),
            identifiers,
        }
    }

    /// Returns whether two texts describe the same work: the same text, title or clause, or a common identifier and topic.
    pub fn is_of_the_same_work(&self, other: &Self) -> bool {
        self.whole == other.whole
            || (self.title.is_some() && self.title == other.title)
            || (self.clause.is_some() && self.clause == other.clause)
            || (!self.identifiers.is_disjoint(&other.identifiers) && !self.topics.is_disjoint(&other.topics))
    }

    pub fn identifiers(&self) -> &BTreeSet<String> {
        &self.identifiers
    }

    /// Returns a title in a few plain words, if possible.
    pub fn title(&self) -> Option<String> {
        let plain = without_markdown(&self.heading);
        plain.contains(char::is_alphanumeric).then(|| shortened(&plain))
    }
}

/// Removes the line ends from a text.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Removes the marks of lists, quotes and headings from the beginning of a line.
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

/// Returns the bold text at the beginning.
fn bold_title(body: &str) -> Option<&str> {
    let (title, _) = body.strip_prefix("**")?.split_once("**")?;
    (!normalised(title).is_empty()).then_some(title)
}

/// Returns the leading words, if there are enough to be meaningful and few enough to be a title.
fn clause(leading: &str) -> Option<String> {
    let clause = normalised(leading);
    (3..=12).contains(&clause.split_whitespace().count()).then_some(clause)
}

/// Returns the text before the first end of a clause outside of code.
fn leading_words(body: &str) -> &str {
    let splits = body.match_indices([':', ' ', '.', ';']).map(|(at, _)| body.split_at(at));
    let mut clauses = splits.filter(|(_, rest)| CLAUSE_ENDS.iter().any(|end| rest.starts_with(end)));
    let is_closed = |(words, rest): &(&str, &str)| words.matches('`').count() % 2 == 0 || !rest.contains('`');
    clauses.find(is_closed).map_or(body, |(words, _)| words)
}

/// Returns whether a part of a text is between two backticks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TextKind {
    Prose,
    Code,
}

/// Splits a text at its backticks. One without a partner starts no code.
fn pieces(body: &str) -> impl Iterator<Item = (TextKind, &str)> {
    let backticks = body.matches('`').count();
    let script =
        move |index| if index % 2 == 1 && index < backticks { TextKind::Code } else { TextKind::Prose };
    body.split('`').enumerate().map(move |(index, text)| (script(index), text))
}

/// Returns the code identifiers of a text, and its other words.
fn identifiers_and_prose(body: &str) -> (BTreeSet<String>, String) {
    let mut identifiers = BTreeSet::new();
    let mut prose = String::new();
    for (script, text) in pieces(body) {
        let tokens = match script {
            TextKind::Prose => text.split(is_gap).collect(),
            TextKind::Code => vec![text],
        };
        for token in tokens {
            let name = bare_name(token);
            if !name.is_empty() && (script == TextKind::Code || is_identifier(token, name)) {
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

/// Removes the surrounding punctuation and a trailing line number from a token.
fn bare_name(token: &str) -> &str {
    let bare = token.trim_matches(|letter: char| !letter.is_alphanumeric());
    match bare.split_once(':') {
        Some((file, line)) if line.starts_with(|first: char| first.is_ascii_digit()) => file,
        Some(_) | None => bare,
    }
}

/// Returns whether a token of prose is a code identifier. Surrounding underscores are emphasis.
fn is_identifier(token: &str, name: &str) -> bool {
    name.contains('_')
        || token.contains('/')
        || token.as_bytes().windows(2).any(|pair| matches!(pair, b"::" | b"()"))
        || is_file_name(name)
        || has_inner_capital(name)
}

/// Recognises `parser.rs`, but neither `e.g.` nor `v1.2`.
fn is_file_name(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(stem, ending)| {
        stem.chars().count() > 1
            && stem.ends_with(char::is_alphanumeric)
            && ending.starts_with(|first: char| first.is_ascii_lowercase())
            && ending.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    })
}

/// Recognises `parseHeader`, `HashMap` and `HTTPServer`, but not `README` or `APIs`.
fn has_inner_capital(name: &str) -> bool {
    let hump = |pair: &[u8]| matches!(pair, [b'a'..=b'z', b'A'..=b'Z']);
    let last_hump = |four: &[u8]| matches!(four, [b'A'..=b'Z', b'A'..=b'Z', b'a'..=b'z', b'a'..=b'z']);
    name.as_bytes().windows(2).any(hump) || name.as_bytes().windows(4).any(last_hump)
}

/// Returns the words for the topic of a text, without a plural `s` and without parts of identifiers.
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

/// Returns the bold title or the leading clause. One or two words (`Nit: …`) are too short: then the text continues.
fn heading<'text>(body: &'text str, leading: &'text str) -> &'text str {
    let enough = Some(leading).filter(|words| words.split(' ').count() >= 3);
    bold_title(body).or(enough).unwrap_or(body)
}

fn without_markdown(text: &str) -> String {
    let unlinked = without_links(text);
    let words: Vec<&str> = unlinked.split(' ').map(|word| word.trim_matches(['*', '_'])).collect();
    let is_plain = |letter: &char| !matches!(letter, '*' | '`') && !letter.is_control();
    let plain: String = words.join(" ").chars().filter(is_plain).collect();
    one_line(plain.trim_end_matches(['.', '!', ';', ':', ',', ' ']))
}

/// Replaces `[text](target)` by `text`.
fn without_links(text: &str) -> String {
    let unlinked = |plain: String, part: String| match (plain.rsplit_once('['), part.split_once(')')) {
        (Some((before, label)), Some((_, after))) => format!("{before}{label}{after}"),
        (Some(_) | None, _) => format!("{plain}]({part}"),
    };
    text.split("](").map(str::to_owned).reduce(unlinked).unwrap_or_default()
}

/// Shortens a title, between words if possible.
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

    #[test]
    fn identifiers_look_like_code() {
        let code = "(see src/a.rs:42, `--dry run`), **Cargo.toml**; HTTPServer's fooBar, std::fs: open() a_b";
        let found: Vec<String> = identifiers_and_prose(code).0.into_iter().collect();
        let names = "Cargo.toml HTTPServer a_b dry run fooBar open src/a.rs std::fs";
        assert_eq!(found.join(" "), names);
        let prose = "_Really_, e.g. README of v1.2, well-known APIs (all) and `.";
        assert!(identifiers_and_prose(prose).0.is_empty());
    }

    #[test]
    fn the_stop_words_can_be_searched() {
        assert!(STOP_WORDS.is_sorted());
    }
}
