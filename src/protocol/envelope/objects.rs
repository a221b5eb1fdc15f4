//! The objects in a text: those that are answers, mended if only their syntax is damaged. Nothing inside of an answer that
//! is damaged beyond that, and no piece of one, is ever taken for an answer.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use crate::pattern::pattern;

use super::super::expectation::Complaint;
use super::super::healing;
use super::super::json;
use super::normalisation::Normalisation;
use super::whole::whole;

/// How many bytes may be read for each byte of an answer: what opens brackets without end is refused.
const EFFORT: usize = 4;

static KEY_WORD: LazyLock<Regex> = pattern!("(?i)schema_version|kind|state|outcome");
/// Every top-level object that could be an answer, and the text without them.
pub(super) struct FoundObjects {
    pub(super) objects: Vec<Value>,
    pub(super) rest: String,
}

/// Finds every object that could be an answer, in linear time.
pub(super) fn find(
    text: &str,
    normalisations: &mut Vec<Normalisation>,
) -> Result<FoundObjects, Vec<Complaint>> {
    let names_its_kind = key_finder(text);
    let mut effort = text.len() * EFFORT;
    let mut found = FoundObjects { objects: Vec::new(), rest: String::new() };
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
                if is_answer(&parsed.value) && is_quoted(before) {
                    return Err(whole("the answer itself", "one in a quotation"));
                } else if is_answer(&parsed.value) {
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

/// Whether what follows a text on its last line stands in a quotation.
fn is_quoted(before: &str) -> bool {
    before.rsplit('\n').next().is_some_and(|line| line.trim_start().starts_with('>'))
}

/// Answers whether something behind an offset names its kind.
pub(super) fn key_finder(text: &str) -> impl Fn(usize) -> bool {
    let last = ["\"schema_version\"", "\"kind\""].into_iter().filter_map(|key| text.rfind(key)).max();
    move |start| last.is_some_and(|last| start < last)
}

impl FoundObjects {
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
pub(super) fn is_whole_answer(value: &Value) -> bool {
    value.get("kind").is_some_and(Value::is_string)
        && value.get("schema_version").is_some_and(Value::is_number)
}

/// Whether a value is or holds an answer, or what only an answer holds.
pub(super) fn is_or_holds_piece(value: &Value) -> bool {
    let decides = |key: &&'static str| {
        value.get(*key).is_some_and(|held| held.is_array() || held.is_string() || held.is_boolean())
    };
    match value {
        Value::Array(values) => values.iter().any(is_or_holds_piece),
        Value::Object(members) => {
            is_whole_answer(value) || DECIDING.iter().any(decides) || members.values().any(is_or_holds_piece)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Keys of what only an answer holds, and what makes it block.
const DECIDING: [&str; 11] = [
    "approved",
    "finding",
    "findings",
    "severity",
    "verdict",
    "item_id",
    "disposition",
    "blocking_items",
    "same_pr_followups",
    "blocking_plan_issues",
    "same_plan_followups",
];
