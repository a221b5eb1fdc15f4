//! Finds the objects in a text that are answers, and heals damaged syntax. No object inside an answer with other damage,
//! and no part of an answer, is taken for an answer.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use crate::pattern::pattern;

use super::super::expectation::Complaint;
use super::super::healing;
use super::super::json;
use super::normalisation::Normalisation;
use super::whole::whole;

/// The maximum number of bytes read for each byte of an answer: a text with endless opening brackets is refused.
const EFFORT: usize = 4;

static KEY_WORD: LazyLock<Regex> = pattern!("(?i)schema_version|kind|state|outcome");

/// Lists and members that only an answer has: outside an object, they are parts of a broken answer.
pub(super) const PIECES: [&str; 12] = [
    "blocking_items",
    "same_pr_followups",
    "future_followups",
    "prior_item_dispositions",
    "blocking_plan_issues",
    "same_plan_followups",
    "prior_plan_item_dispositions",
    "item_id",
    "disposition",
    "remaining_items",
    "disputed_items",
    "clarification",
];

/// The top-level objects that could be answers, and the text without them.
#[derive(Default)]
pub(super) struct FoundObjects {
    pub(super) objects: Vec<Value>,
    /// The text before the first answer, without other objects.
    pub(super) before: String,
    /// The text after the first answer, without other objects.
    pub(super) after: String,
    /// The first object that is not an answer.
    pub(super) other: Option<String>,
}

/// Finds every object that could be an answer, in linear time.
pub(super) fn find(
    text: &str,
    normalisations: &mut Vec<Normalisation>,
) -> Result<FoundObjects, Vec<Complaint>> {
    let names_its_kind = key_finder(text);
    let mut effort = text.len() * EFFORT;
    let mut found = FoundObjects::default();
    let mut offset = 0;
    while let Some(remaining) = text.get(offset..).filter(|remaining| !remaining.is_empty()) {
        let Some(start) = remaining.find('{') else {
            found.rest().push_str(remaining);
            break;
        };
        let (before, candidate) = remaining.split_at(start);
        found.rest().push_str(before);
        offset += start;
        let (length, spent) = match json::first_value(candidate) {
            Ok(parsed) => {
                if is_answer(&parsed.value) {
                    found.take(parsed.value);
                } else if is_or_holds_piece(&parsed.value) {
                    return Err(whole("the answer itself", "one within another object, or a piece of one"));
                } else {
                    normalisations.push(Normalisation::Prose);
                    let text = candidate.get(..parsed.length).unwrap_or_default();
                    found.other.get_or_insert_with(|| text.to_owned());
                    found.rest().push('\n');
                }
                (parsed.length, parsed.length)
            }
            Err(error) if names_its_kind(offset) => {
                let length = found.take_damaged(candidate, &error, normalisations)?;
                (length, length)
            }
            Err(error) => {
                found.rest().push('{');
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

/// Returns a function that tells whether a `kind` follows an offset.
fn key_finder(text: &str) -> impl Fn(usize) -> bool {
    let last = ["\"schema_version\"", "\"kind\""].into_iter().filter_map(|key| text.rfind(key)).max();
    move |start| last.is_some_and(|last| start < last)
}

impl FoundObjects {
    fn rest(&mut self) -> &mut String {
        if self.objects.is_empty() { &mut self.before } else { &mut self.after }
    }

    fn take(&mut self, object: Value) {
        self.objects.push(object);
    }

    /// Reads an object with damaged syntax, or skips braces in prose. No object inside an answer with other damage is an
    /// answer.
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
            self.rest().push_str(span);
            return Ok(healed.length);
        }
        let parsed = json::first_value(&healed.text).map_err(|error| damaged(&error))?;
        if !is_answer(&parsed.value) {
            return Err(damaged(error));
        }
        normalisations.extend(healed.healings.into_iter().map(Normalisation::from));
        self.take(parsed.value);
        Ok(healed.length)
    }
}

/// Returns whether an object has members of an answer. A missing kind is reported later.
fn is_answer(value: &Value) -> bool {
    let tells = |object: &serde_json::Map<String, Value>| {
        ["kind", "schema_version", "state"].iter().any(|key| object.contains_key(*key))
    };
    value.as_object().is_some_and(tells)
}

/// Returns whether a value is or contains an answer, or a part that only answers have. A schema has the same keys and does
/// not count.
fn is_or_holds_piece(value: &Value) -> bool {
    match value {
        Value::Array(values) => values.iter().any(is_or_holds_piece),
        Value::Object(members) => {
            let is_whole = value.get("kind").is_some_and(Value::is_string)
                && value.get("schema_version").is_some_and(Value::is_number);
            let is_given =
                |key: &&str| value.get(*key).is_some_and(|held| held.is_array() || held.is_string());
            is_whole || PIECES.iter().any(is_given) || members.values().any(is_or_holds_piece)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}
