//! The line that announces an answer, where an agent's CLI prints other things before it.

use super::super::expectation::Complaint;
use super::normalisation::Normalisation;
use super::whole::whole;

/// The line before an answer.
pub(super) const PUBLIC_RESPONSE_LINE: &str = "=== AGENT_LOOP_PUBLIC_RESPONSE_BELOW ===";

/// A text, split at the line that announces the answer.
pub(super) struct Announced<'text> {
    pub(super) preamble: &'text str,
    pub(super) body: &'text str,
}

/// Splits a text at the line that announces the answer; a text without that line is all body.
pub(super) fn after_announcement<'text>(
    text: &'text str,
    normalisations: &mut Vec<Normalisation>,
) -> Result<Announced<'text>, Vec<Complaint>> {
    let mut offset = 0;
    let mut found = None;
    for line in text.split_inclusive('\n') {
        if line.trim() == PUBLIC_RESPONSE_LINE && found.replace((offset, offset + line.len())).is_some() {
            return Err(whole("the announcing line at most once", "twice"));
        }
        offset += line.len();
    }
    let (end, start) = found.unwrap_or((0, 0));
    let preamble = text.get(..end).unwrap_or_default();
    if !preamble.trim().is_empty() {
        normalisations.push(Normalisation::Preamble);
    }
    Ok(Announced { preamble, body: text.get(start..).unwrap_or_default() })
}
