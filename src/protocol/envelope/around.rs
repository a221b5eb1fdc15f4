//! What stands around the object: footer, signature, fence and prose, or something that must not stand there.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use crate::pattern::pattern;

use super::super::expectation::Complaint;
use super::super::markers;
use super::super::opposition;
use super::super::text::ReviewVerdict;
use super::normalisation::Normalisation;
use super::whole::{verdict, whole};

static FOOTER: LazyLock<Regex> = pattern!(r"(?i)^<!--\s*(AGENT_STATE|AGENT_PLAN_STATE):\s*([a-z]+)\s*-->$");
static OLDER: LazyLock<Regex> = pattern!(r"(?i)^<!--\s*HUMAN_REQUIREMENTS_(ADDRESSED|RESOLVED)\s*-->$");
static OLDER_ANYWHERE: LazyLock<Regex> = pattern!(r"(?i)<!--\s*HUMAN_REQUIREMENTS_(?:ADDRESSED|RESOLVED)\b");

static QUOTED_KEY: LazyLock<Regex> = pattern!({
    let names = PIECES.join("|");
    format!(r#"(?i)["'](?:{names})["']\s*:"#)
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
pub(super) fn around(
    rest: &str,
    object: &Value,
    normalisations: &mut Vec<Normalisation>,
) -> Result<(), Vec<Complaint>> {
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
    let words = prose.join("\n");
    let approves = verdict(object) == Some(ReviewVerdict::Approved.name());
    let contradicts = approves && opposition::speaks_against(&words, Some(ReviewVerdict::Approved.name()));
    if contradicts || opposition::takes_back(&words, verdict(object)) {
        return Err(whole("words that agree with the answer", "words that take its approval back"));
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
    let known = [ReviewVerdict::Approved, ReviewVerdict::Blocking].iter().any(|state| state.name() == footer);
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
