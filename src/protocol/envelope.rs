//! The tolerant reader: finds the one JSON object in what an agent said, and writes down what it had to look past.
//! It never guesses a verdict; text without such an object is malformed.

use regex::Regex;
use serde_json::Value;
use std::sync::LazyLock;

use super::expectation::Complaint;
use super::json;
use super::text::State;

/// Longer answers are refused unread, in bytes.
pub const ANSWER_LIMIT: usize = 1 << 20;

/// The line after which an answer begins, where an agent's CLI prints other things before it.
const PUBLIC_RESPONSE_LINE: &str = "=== AGENT_LOOP_PUBLIC_RESPONSE_BELOW ===";

/// What the reader had to look past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Normalisation {
    /// Text before the line that announces the answer.
    Preamble,
    /// A code fence around the object.
    Fence,
    /// A state footer that agrees with the object.
    Footer,
    /// Blocks of an older form that say nothing beyond the object.
    OlderBlock,
    /// A signature.
    Signature,
    /// Prose around the object.
    Prose,
    /// The same object, twice.
    Repetition,
}

impl Normalisation {
    /// The words for it in a record.
    pub fn name(self) -> &'static str {
        match self {
            Self::Preamble => "text before the answer left out",
            Self::Fence => "code fence removed",
            Self::Footer => "state footer removed",
            Self::OlderBlock => "older acknowledgement block removed",
            Self::Signature => "signature removed",
            Self::Prose => "prose around the object left out",
            Self::Repetition => "the object stood twice",
        }
    }
}

/// The one object of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// The object.
    pub object: Value,
    /// What the reader had to look past.
    pub normalisations: Vec<Normalisation>,
}

/// Finds the one JSON object of an answer.
///
/// # Errors
/// When there is none or more than one, when it is damaged, when a footer contradicts it, and when the text around it
/// holds a marker of ours.
pub fn open(text: &str) -> Result<Envelope, Vec<Complaint>> {
    let whole = |expected: &str, found: String| vec![Complaint::new("", expected, found)];
    if text.len() > ANSWER_LIMIT {
        return Err(whole("at most 1 MiB", format!("{} bytes", text.len())));
    }
    let mut normalisations = Vec::new();
    let body = after_announcement(text.trim_start_matches('\u{feff}'), &mut normalisations)?;
    let (mut objects, rest) = objects(body)?;
    let Some(object) = objects.pop() else {
        return Err(whole("one JSON object with `schema_version` and `kind`", "text without one".to_owned()));
    };
    if objects.iter().any(|other| *other != object) {
        return Err(whole("one JSON object", format!("{} different ones", objects.len() + 1)));
    }
    if !objects.is_empty() {
        normalisations.push(Normalisation::Repetition);
    }
    around(&rest, &object, &mut normalisations)?;
    Ok(Envelope { object, normalisations })
}

fn after_announcement<'text>(
    text: &'text str,
    normalisations: &mut Vec<Normalisation>,
) -> Result<&'text str, Vec<Complaint>> {
    let mut offset = 0;
    let mut found = None;
    for line in text.split_inclusive('\n') {
        offset += line.len();
        if line.trim() == PUBLIC_RESPONSE_LINE && found.replace(offset).is_some() {
            return Err(vec![Complaint::new("", "the announcing line at most once", "twice")]);
        }
    }
    let Some(start) = found else { return Ok(text) };
    if text.trim_start().strip_prefix(PUBLIC_RESPONSE_LINE).is_none() {
        normalisations.push(Normalisation::Preamble);
    }
    Ok(text.get(start..).unwrap_or_default())
}

/// Every top-level object that could be an answer, and the text without them.
fn objects(text: &str) -> Result<(Vec<Value>, String), Vec<Complaint>> {
    let mut found = Vec::new();
    let mut rest = String::new();
    let mut remaining = text;
    while let Some(start) = remaining.find('{') {
        let (before, candidate) = remaining.split_at(start);
        rest.push_str(before);
        let taken = match json::first_value(candidate) {
            Ok(parsed) if is_answer(&parsed.value) => {
                found.push(parsed.value);
                parsed.length
            }
            Ok(parsed) => {
                rest.push_str(candidate.get(..parsed.length).unwrap_or_default());
                parsed.length
            }
            Err(error) if starts_an_answer(candidate) => {
                return Err(vec![Complaint::new("", "a JSON object", format!("damaged JSON: {error}"))]);
            }
            Err(_) => {
                rest.push('{');
                1
            }
        };
        remaining = candidate.get(taken..).unwrap_or_default();
    }
    rest.push_str(remaining);
    Ok((found, rest))
}

fn is_answer(value: &Value) -> bool {
    value
        .as_object()
        .is_some_and(|object| object.contains_key("kind") || object.contains_key("schema_version"))
}

/// Whether text that does not parse was meant as an answer: then nothing inside of it may be taken for one.
fn starts_an_answer(candidate: &str) -> bool {
    let beginning: String = candidate.chars().take(4_096).collect();
    beginning.contains("\"schema_version\"") || beginning.contains("\"kind\"")
}

#[expect(clippy::expect_used, reason = "a constant pattern, compiled by a test")]
static FOOTER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^<!--\s*(AGENT_STATE|AGENT_PLAN_STATE):\s*([a-z]+)\s*-->$").expect("a valid pattern")
});
#[expect(clippy::expect_used, reason = "a constant pattern, compiled by a test")]
static OLDER_BLOCK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^<!--\s*HUMAN_REQUIREMENTS_(ADDRESSED|RESOLVED)\s*-->$").expect("a valid pattern")
});

/// Judges what stands around the object: footer, signature, fence, prose.
fn around(rest: &str, object: &Value, normalisations: &mut Vec<Normalisation>) -> Result<(), Vec<Complaint>> {
    let mut footers = Vec::new();
    let mut prose = Vec::new();
    for line in rest.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some(found) = FOOTER.captures(line) {
            footers.push(found.get(2).map_or("", |state| state.as_str()).to_ascii_lowercase());
        } else if OLDER_BLOCK.is_match(line) {
            normalisations.push(Normalisation::OlderBlock);
        } else if line.starts_with("```") {
            normalisations.push(Normalisation::Fence);
        } else {
            prose.push(line);
        }
    }
    if footers.len() > 1 {
        return Err(vec![Complaint::new("", "at most one state footer", format!("{}", footers.len()))]);
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
    if prose.iter().any(|line| line.contains("<!--") || line.to_ascii_uppercase().contains("AGENT_LOOP_META"))
    {
        return Err(vec![Complaint::new("", "no marker around the object", "a marker in prose")]);
    }
    if !prose.is_empty() {
        normalisations.push(Normalisation::Prose);
    }
    normalisations.dedup();
    Ok(())
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
            format!("{OBJECT}\nand <!-- AGENT_LOOP_META: v1.x -->"),
            OBJECT.replace('}', ""),
            OBJECT.replace("\"kind\"", "\"state\":\"approved\",\"kind\""),
            format!("{{\"kind\":\"pr_review\", {approved}"),
        ] {
            assert!(open(&text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_answer_above_the_limit_is_refused_unread() {
        assert!(open(&format!("{}{OBJECT}", " ".repeat(ANSWER_LIMIT))).is_err());
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
