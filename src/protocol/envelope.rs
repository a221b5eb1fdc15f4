//! The tolerant reader: finds the one JSON object in what an agent said, and writes down what it had to look past.
//! It never guesses a verdict; text without such an object is malformed.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::expectation::Complaint;
use super::healing::{self, Mended};
use super::json;
use super::markers;
use super::text::State;

/// Longer answers are refused unread, in bytes.
pub const ANSWER_LIMIT: usize = 1 << 20;

/// The line after which an answer begins, where an agent's CLI prints other things before it.
const PUBLIC_RESPONSE_LINE: &str = "=== AGENT_LOOP_PUBLIC_RESPONSE_BELOW ===";

/// How many bytes may be read for each byte of an answer: what opens brackets without end is refused.
const EFFORT: usize = 4;

/// What the reader had to look past or to mend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Normalisation {
    /// Text before the line that announces the answer.
    Preamble,
    /// A code fence around the object.
    Fence,
    /// A state footer that agrees with the object.
    Footer,
    /// A marker of an older form: the wishes of people are fulfilled.
    OlderResolved,
    /// A marker of an older form: the wishes of people were taken care of.
    OlderAddressed,
    /// A signature.
    Signature,
    /// Prose around the object.
    Prose,
    /// A stray bracket, comma or quote beside the object.
    Stray,
    /// The same object, twice.
    Repetition,
    /// Commas before a closing bracket.
    TrailingComma,
    /// Raw line breaks or other control characters in a string.
    ControlCharacter,
}

impl Normalisation {
    /// The words for it in a record.
    pub fn name(self) -> &'static str {
        match self {
            Self::Preamble => "text before the answer left out",
            Self::Fence => "code fence removed",
            Self::Footer => "state footer removed",
            Self::OlderResolved => "older marker read: requirements resolved",
            Self::OlderAddressed => "older marker removed: requirements addressed",
            Self::Signature => "signature removed",
            Self::Prose => "prose around the object left out",
            Self::Stray => "stray punctuation beside the object left out",
            Self::Repetition => "the object stood twice",
            Self::TrailingComma => "trailing commas removed",
            Self::ControlCharacter => "raw control characters in strings escaped",
        }
    }
}

impl From<Mended> for Normalisation {
    fn from(mended: Mended) -> Self {
        match mended {
            Mended::TrailingComma => Self::TrailingComma,
            Mended::ControlCharacter => Self::ControlCharacter,
        }
    }
}

/// The one object of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// The object.
    pub object: Value,
    /// What the reader had to look past, each once.
    pub normalisations: Vec<Normalisation>,
}

/// Finds the one JSON object of an answer, in linear time.
///
/// # Errors
/// When there is none or more than one, when it is damaged beyond its syntax, when a footer contradicts it, and when the
/// text around it holds a marker of ours.
pub fn open(text: &str) -> Result<Envelope, Vec<Complaint>> {
    if text.len() > ANSWER_LIMIT {
        return Err(whole("at most 1 MiB", format!("{} bytes", text.len())));
    }
    let mut normalisations = Vec::new();
    let Announced { body, before } =
        after_announcement(text.trim_start_matches('\u{feff}'), &mut normalisations)?;
    let Found { mut objects, rest } = find(body, &mut normalisations)?;
    let Some(object) = objects.pop() else {
        return Err(whole("one JSON object with `schema_version` and `kind`", "text without one"));
    };
    if before.iter().any(|other| verdict(other) != verdict(&object)) {
        return Err(whole("one verdict", "another one before the announcing line"));
    }
    if objects.iter().any(|other| *other != object) {
        return Err(whole("one JSON object", format!("{} different ones", objects.len() + 1)));
    }
    if !objects.is_empty() {
        normalisations.push(Normalisation::Repetition);
    }
    around(&rest, &object, &mut normalisations)?;
    normalisations.sort_unstable();
    normalisations.dedup();
    Ok(Envelope { object, normalisations })
}

fn whole(expected: &str, found: impl Into<String>) -> Vec<Complaint> {
    vec![Complaint::new("", expected, found)]
}

/// What stands behind the line that announces it, and the answers before that line.
struct Announced<'text> {
    body: &'text str,
    before: Vec<Value>,
}

fn after_announcement<'text>(
    text: &'text str,
    normalisations: &mut Vec<Normalisation>,
) -> Result<Announced<'text>, Vec<Complaint>> {
    let mut offset = 0;
    let mut found = None;
    for line in text.split_inclusive('\n') {
        offset += line.len();
        if line.trim() == PUBLIC_RESPONSE_LINE && found.replace(offset).is_some() {
            return Err(whole("the announcing line at most once", "twice"));
        }
    }
    let Some(start) = found else { return Ok(Announced { body: text, before: Vec::new() }) };
    let Some(before) = answers_in(text.get(..start).unwrap_or_default()) else {
        return Err(whole("an answer behind the announcing line", "one that begins before it"));
    };
    if text.trim_start().strip_prefix(PUBLIC_RESPONSE_LINE).is_none() {
        normalisations.push(Normalisation::Preamble);
    }
    Ok(Announced { body: text.get(start..).unwrap_or_default(), before })
}

/// The whole answers in a text that is looked past. `None` if one begins in it and does not end in it.
fn answers_in(text: &str) -> Option<Vec<Value>> {
    let names_its_kind = key_finder(text);
    let mut answers = Vec::new();
    let mut offset = 0;
    while let Some(start) = text.get(offset..).and_then(|remaining| remaining.find('{')) {
        offset += start;
        let candidate = text.get(offset..).unwrap_or_default();
        let begins_with_a_key = candidate.get(1..).is_some_and(|inner| inner.trim_start().starts_with('"'));
        let healed = begins_with_a_key.then(|| healing::heal(candidate));
        offset += match healed {
            Some(Some(closed)) => {
                let parsed = json::first_value(&closed.text).ok().map(|parsed| parsed.value);
                answers.extend(parsed.filter(is_whole_answer));
                closed.length
            }
            Some(None) if names_its_kind(offset) => return None,
            Some(None) => return Some(answers),
            None => 1,
        };
    }
    Some(answers)
}

/// Every top-level object that could be an answer, and the text without them.
struct Found {
    objects: Vec<Value>,
    rest: String,
}

fn find(text: &str, normalisations: &mut Vec<Normalisation>) -> Result<Found, Vec<Complaint>> {
    let names_its_kind = key_finder(text);
    let mut effort = text.len() * EFFORT;
    let mut found = Found { objects: Vec::new(), rest: String::new() };
    let mut offset = 0;
    while let Some(remaining) = text.get(offset..).filter(|remaining| !remaining.is_empty()) {
        let Some(start) = remaining.find('{') else {
            found.rest.push_str(remaining);
            break;
        };
        let (before, candidate) = remaining.split_at(start);
        found.rest.push_str(before);
        offset += start;
        let (length, spent) = match json::first_value(candidate) {
            Ok(parsed) => {
                if is_answer(&parsed.value) {
                    found.take(parsed.value);
                } else if is_or_holds_piece(&parsed.value) {
                    return Err(whole("the answer itself", "one within another object, or a piece of one"));
                } else {
                    normalisations.push(Normalisation::Prose);
                    found.rest.push('\n');
                }
                (parsed.length, parsed.length)
            }
            Err(error) if names_its_kind(offset) => {
                let length = found.take_damaged(candidate, &error, normalisations)?;
                (length, length)
            }
            Err(error) => {
                found.rest.push('{');
                (1, json::read_before(candidate, &error))
            }
        };
        offset += length;
        effort = effort
            .checked_sub(spent)
            .ok_or_else(|| whole("one JSON object", "brackets that open without end"))?;
    }
    Ok(found)
}

/// Answers whether something behind an offset names its kind.
fn key_finder(text: &str) -> impl Fn(usize) -> bool {
    let last = ["\"schema_version\"", "\"kind\""].into_iter().filter_map(|key| text.rfind(key)).max();
    move |start| last.is_some_and(|last| start < last)
}

impl Found {
    fn take(&mut self, object: Value) {
        self.objects.push(object);
        // What stands before and after an object must not grow together into something that neither is.
        self.rest.push('\n');
    }

    /// What opens a bracket and is no JSON: an object that is damaged in its syntax only, or braces of prose. Nothing
    /// inside of an answer that is damaged beyond that may be taken for one.
    fn take_damaged(
        &mut self,
        candidate: &str,
        error: &serde_json::Error,
        normalisations: &mut Vec<Normalisation>,
    ) -> Result<usize, Vec<Complaint>> {
        let damaged = |error: &serde_json::Error| whole("a JSON object", format!("damaged JSON: {error}"));
        let healed = healing::heal(candidate).ok_or_else(|| damaged(error))?;
        let span = candidate.get(..healed.length).unwrap_or_default();
        if !KEY_WORD.is_match(span) {
            self.rest.push_str(span);
            return Ok(healed.length);
        }
        let parsed = json::first_value(&healed.text).map_err(|error| damaged(&error))?;
        if !is_answer(&parsed.value) {
            return Err(damaged(error));
        }
        normalisations.extend(healed.mended.into_iter().map(Normalisation::from));
        self.take(parsed.value);
        Ok(healed.length)
    }
}

/// Whether an object says anything that only an answer says; one without a kind is complained about later.
fn is_answer(value: &Value) -> bool {
    let tells = |object: &serde_json::Map<String, Value>| {
        ["kind", "schema_version", "state"].iter().any(|key| object.contains_key(*key))
    };
    value.as_object().is_some_and(tells)
}

/// Whether an object says what it is an answer to. A schema, which has the same keys, does not.
fn is_whole_answer(value: &Value) -> bool {
    value.get("kind").is_some_and(Value::is_string)
        && value.get("schema_version").is_some_and(Value::is_number)
}

/// Whether a value is or holds an answer, or what only an answer holds.
fn is_or_holds_piece(value: &Value) -> bool {
    let decides =
        |key: &&'static str| value.get(*key).is_some_and(|held| held.is_array() || held.is_string());
    match value {
        Value::Array(values) => values.iter().any(is_or_holds_piece),
        Value::Object(members) => {
            is_whole_answer(value) || DECIDING.iter().any(decides) || members.values().any(is_or_holds_piece)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Keys of what only an answer holds, and what makes it block.
const DECIDING: [&str; 6] = [
    "item_id",
    "disposition",
    "blocking_items",
    "same_pr_followups",
    "blocking_plan_issues",
    "same_plan_followups",
];

/// The word by which an answer decides something, if it has one.
fn verdict(answer: &Value) -> Option<&str> {
    answer.get("state").or_else(|| answer.get("outcome")).and_then(Value::as_str)
}

#[expect(clippy::expect_used, reason = "a constant pattern, compiled by a test")]
static FOOTER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^<!--\s*(AGENT_STATE|AGENT_PLAN_STATE):\s*([a-z]+)\s*-->$").expect("a valid pattern")
});
#[expect(clippy::expect_used, reason = "a constant pattern, compiled by a test")]
static OLDER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^<!--\s*HUMAN_REQUIREMENTS_(ADDRESSED|RESOLVED)\s*-->$").expect("a valid pattern")
});
#[expect(clippy::expect_used, reason = "a constant pattern, compiled by a test")]
static OLDER_ANYWHERE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)<!--\s*HUMAN_REQUIREMENTS_(?:ADDRESSED|RESOLVED)\b").expect("a valid pattern")
});

#[expect(clippy::expect_used, reason = "a constant pattern, compiled by a test")]
static KEY_WORD: LazyLock<Regex> =
    LazyLock::new(|| Regex::new("(?i)schema_version|kind|state|outcome").expect("a valid pattern"));
#[expect(clippy::expect_used, reason = "a constant pattern, compiled by a test")]
static QUOTED_KEY: LazyLock<Regex> = LazyLock::new(|| {
    let names = PIECES.join("|");
    Regex::new(&format!(r#"(?i)["'](?:{names})["']\s*:"#)).expect("a valid pattern")
});

/// Keys of answers that decide something: one of them beside an object fell out of an answer.
const PIECES: [&str; 17] = [
    "schema_version",
    "kind",
    "state",
    "outcome",
    "blocking_items",
    "same_pr_followups",
    "future_followups",
    "prior_item_dispositions",
    "blocking_plan_issues",
    "same_plan_followups",
    "prior_plan_item_dispositions",
    "item_id",
    "disposition",
    "human_requirements_resolved",
    "remaining_items",
    "disputed_items",
    "clarification",
];

/// Judges what stands around the object: footer, signature, fence, prose.
fn around(rest: &str, object: &Value, normalisations: &mut Vec<Normalisation>) -> Result<(), Vec<Complaint>> {
    if QUOTED_KEY.is_match(rest) {
        return Err(whole("one whole JSON object", "pieces of another one beside it"));
    }
    let named = OLDER_ANYWHERE.find_iter(rest).count();
    if named > 0 && named > older_markers(rest) {
        return Err(whole("no marker around the object", "a marker in a block of code or in prose"));
    }
    let mut footers = Vec::new();
    let mut prose = Vec::new();
    for line in rest.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some(found) = FOOTER.captures(line) {
            footers.push(found.get(2).map_or("", |state| state.as_str()).to_ascii_lowercase());
        } else if let Some(found) = OLDER.captures(line) {
            normalisations.push(older(found.get(1).map_or("", |word| word.as_str())));
        } else if is_fence(line) {
            normalisations.push(Normalisation::Fence);
        } else if line.len() <= 3 && line.chars().all(|letter| "}],;\"'`.".contains(letter)) {
            normalisations.push(Normalisation::Stray);
        } else {
            prose.push(line);
        }
    }
    if footers.len() > 1 {
        return Err(whole("at most one state footer", format!("{}", footers.len())));
    }
    if let Some(footer) = footers.first() {
        agrees(footer, object)?;
        normalisations.push(Normalisation::Footer);
    }
    let last_is_signature = prose.last().is_some_and(|line| line.starts_with("-- ") && line.len() <= 80);
    if last_is_signature {
        prose.pop();
        normalisations.push(Normalisation::Signature);
    }
    if prose.iter().any(|line| line.contains("<!--") || markers::speaks_of_one(line)) {
        return Err(whole("no marker around the object", "a marker in prose"));
    }
    if !prose.is_empty() {
        normalisations.push(Normalisation::Prose);
    }
    Ok(())
}

/// How many markers of an older form stand where they count.
fn older_markers(rest: &str) -> usize {
    markers::lines_outside_code(rest).into_iter().filter(|line| OLDER.is_match(line.trim())).count()
}

fn older(word: &str) -> Normalisation {
    if word.eq_ignore_ascii_case("RESOLVED") {
        Normalisation::OlderResolved
    } else {
        Normalisation::OlderAddressed
    }
}

/// A line that opens or closes a code fence, with or without the name of a language.
fn is_fence(line: &str) -> bool {
    let behind = line.trim_start_matches(['`', '~']);
    line.len() - behind.len() >= 3 && behind.len() <= 20 && !behind.contains(' ')
}

fn agrees(footer: &str, object: &Value) -> Result<(), Vec<Complaint>> {
    let state = object.get("state").and_then(Value::as_str);
    let known = [State::Approved, State::Blocking].iter().any(|state| state.name() == footer);
    match state {
        Some(state) if state == footer => Ok(()),
        None if known => Ok(()),
        Some(_) | None => Err(vec![Complaint::new(
            "/state",
            "the same state as in the footer",
            format!("{} beside a footer `{footer}`", state.unwrap_or("none")),
        )]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OBJECT: &str = r#"{"schema_version":1,"kind":"pr_review","state":"blocking"}"#;

    fn seen(text: &str) -> Vec<Normalisation> {
        open(text).unwrap().normalisations
    }

    #[test]
    fn the_accepted_shapes_are_named() {
        assert_eq!(seen(OBJECT), []);
        assert_eq!(seen(&format!("```json\n{OBJECT}\n```\n")), [Normalisation::Fence]);
        assert_eq!(
            seen(&format!("{OBJECT}\n<!-- AGENT_STATE: blocking -->\n\n-- codex\n")),
            [Normalisation::Footer, Normalisation::Signature]
        );
        assert_eq!(seen(&format!("Here it is: {OBJECT} Bye.")), [Normalisation::Prose]);
        assert_eq!(seen(&format!("noise {{}}\n{PUBLIC_RESPONSE_LINE}\n{OBJECT}")), [Normalisation::Preamble]);
        assert_eq!(seen(&format!("{OBJECT}\n{OBJECT}")), [Normalisation::Repetition]);
        assert_eq!(seen(&format!("{OBJECT}}}")), [Normalisation::Stray]);
        assert_eq!(seen(&OBJECT.replace('}', ",}")), [Normalisation::TrailingComma]);
        assert_eq!(seen(&OBJECT.replace("pr_review", "pr\n_review")), [Normalisation::ControlCharacter]);
        assert_eq!(
            seen(&format!("{OBJECT}\n<!-- HUMAN_REQUIREMENTS_RESOLVED -->")),
            [Normalisation::OlderResolved]
        );
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        let approved = OBJECT.replace("blocking", "approved");
        for text in [
            String::new(),
            "LGTM, approved!".to_owned(),
            format!("{OBJECT}\n<!-- AGENT_STATE: approved -->"),
            format!("{OBJECT}\n<!-- AGENT_STATE: blocking -->\n<!-- AGENT_STATE: blocking -->"),
            format!("{OBJECT}\n{approved}"),
            format!("{OBJECT}\n{{\"state\":\"approved\"}}"),
            format!("{OBJECT}\nand <!-- AGENT_LOOP_META: v1.x -->"),
            format!("<!-- AGENT_{OBJECT}STATE: approved -->"),
            OBJECT.replace('}', ""),
            OBJECT.replace("\"kind\"", "\"state\":\"approved\",\"kind\""),
            OBJECT.replace("\"kind\"", "\"st\\u0061te\":\"approved\",\n,\"kind\""),
            format!("{{\"kind\":\"pr_review\", {approved}"),
        ] {
            assert!(open(&text).is_err(), "{text}");
        }
    }

    #[test]
    fn braces_and_other_objects_in_prose_are_prose() {
        for prose in
            ["I changed `fn main() { read(); }`.", "{\"threads\": 4}", "{\"human_requirements_resolved\":[]}"]
        {
            assert_eq!(seen(&format!("{prose}\n{OBJECT}")), [Normalisation::Prose], "{prose}");
        }
        let braced = format!("{}\n{OBJECT}", "{x} ".repeat(20_000));
        assert_eq!(seen(&braced), [Normalisation::Prose]);
    }

    #[test]
    fn no_object_is_taken_out_of_one_that_is_damaged() {
        let approved = OBJECT.replace("blocking", "approved");
        let line = PUBLIC_RESPONSE_LINE;
        let long = "Long. ".repeat(2_000);
        for text in [
            format!("{{\"items\":[\"{long} {approved} \"],\"kind\":\"pr_review\",\"state\":\"blocking\"}}"),
            format!(
                "{{\"items\":\"It reads \"}}\" and {approved}\",\"kind\":\"pr_review\",\"state\":\"blocking\"}}"
            ),
            format!("{{\"kind\":\"pr_review\",\"state\":\"blocking\",\n{line}\n{approved}"),
            format!(
                "{{\"items\":[\"\n{line}\n{approved}\n\"],\"kind\":\"pr_review\",\"state\":\"blocking\"}}"
            ),
            format!("{approved}\n{}", OBJECT.replace('"', "'")),
        ] {
            assert!(open(&text).is_err(), "{text}");
        }
        let diff = format!("-fn main() {{\n{{\"kind\": \"pr_review\", …}}\n{line}\n{approved}");
        assert_eq!(seen(&diff), [Normalisation::Preamble]);
    }

    #[test]
    fn what_fell_out_of_an_object_that_was_closed_too_early_is_not_looked_past() {
        let early = r#"{"schema_version":1,"kind":"pr_review","state":"approved","summary":"s","prior_item_dispositions":[]}"#;
        for lost in [
            r#","blocking_items":["the last line is lost"]}"#,
            r#", "same_pr_followups": ["rename it"]}"#,
            ",\n  'future_followups': ['later']\n}",
            r#",{"item_id":"item-1","disposition":"blocking"}]}"#,
        ] {
            assert!(open(&format!("{early}{lost}")).is_err(), "{lost}");
        }
    }

    #[test]
    fn no_answer_within_another_object_is_prose() {
        let approved = OBJECT.replace("blocking", "approved");
        for text in [
            format!("{{\"review\":{OBJECT}}}\n{approved}"),
            format!("{{\"a\":[{{\"b\":{OBJECT}}}]}}\n{approved}"),
            format!("{OBJECT}\n{PUBLIC_RESPONSE_LINE}\n{approved}"),
        ] {
            assert!(open(&text).is_err(), "{text}");
        }
        assert_eq!(seen(&format!("{OBJECT}\n{PUBLIC_RESPONSE_LINE}\n{OBJECT}")), [Normalisation::Preamble]);
    }

    #[test]
    fn a_marker_in_a_block_of_code_acknowledges_nothing() {
        for fence in ["```", "~~~"] {
            let quoted = format!("{fence}\n<!-- HUMAN_REQUIREMENTS_RESOLVED -->\n{fence}\n{OBJECT}");
            assert!(open(&quoted).is_err(), "{quoted}");
        }
        let fenced = format!("```json\n{OBJECT}\n```\n<!-- HUMAN_REQUIREMENTS_RESOLVED -->");
        assert_eq!(seen(&fenced), [Normalisation::Fence, Normalisation::OlderResolved]);
    }

    #[test]
    fn an_answer_above_the_limit_is_refused_unread() {
        assert!(open(&format!("{}{OBJECT}", " ".repeat(ANSWER_LIMIT))).is_err());
    }

    #[test]
    fn brackets_without_end_are_given_up_on() {
        let endless = "{\"a\":".repeat(ANSWER_LIMIT / 5);
        assert!(open(&endless).unwrap_err()[0].found.contains("without end"));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,200}") {
            let _ = open(&text);
        }

        #[test]
        fn no_prefix_of_an_answer_is_an_answer(cut in 0_usize..OBJECT.len()) {
            prop_assert!(open(&OBJECT[..cut]).is_err());
        }
    }
}
