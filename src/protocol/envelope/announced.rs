//! The line that announces an answer, where an agent's CLI prints other things before it.

use serde_json::Value;

use super::super::expectation::Complaint;
use super::super::{healing, json};
use super::normalisation::Normalisation;
use super::objects::{is_or_holds_piece, key_finder};
use super::whole::whole;

/// The line after which an answer begins, where an agent's CLI prints other things before it.
pub(super) const PUBLIC_RESPONSE_LINE: &str = "=== AGENT_LOOP_PUBLIC_RESPONSE_BELOW ===";

/// What stands behind the line that announces it, and the answers before that line.
pub(super) struct Announced<'text> {
    pub(super) body: &'text str,
    pub(super) before: Vec<Value>,
}

/// Splits a text at the line that announces the answer; a text without that line is all body.
pub(super) fn after_announcement<'text>(
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
                answers.extend(parsed.filter(is_or_holds_piece));
                closed.length
            }
            Some(None) if names_its_kind(offset) => return None,
            Some(None) => return Some(answers),
            None => 1,
        };
    }
    Some(answers)
}
