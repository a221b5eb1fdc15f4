//! The text around the object: footer, signature, fence, prose, or forbidden text. An approving vote must stand alone, so the
//! first text that does not belong to its form is reported.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use crate::domain::agent::ResponseKind;
use crate::pattern::pattern;

use super::super::expectation::Complaint;
use super::super::markers;
use super::super::text::ReviewVerdict;
use super::normalisation::Normalisation;
use super::objects::PIECES;
use super::whole::whole;

static FOOTER: LazyLock<Regex> = pattern!(r"(?i)^<!--\s*(AGENT_STATE|AGENT_PLAN_STATE):\s*([a-z]+)\s*-->$");
static OLDER: LazyLock<Regex> = pattern!(r"(?i)^<!--\s*HUMAN_REQUIREMENTS_(ADDRESSED|RESOLVED)\s*-->$");
static OPENING_FENCE: LazyLock<Regex> = pattern!(r"(?i)^(?:`{3,}|~{3,})(?:json)?$");
static CLOSING_FENCE: LazyLock<Regex> = pattern!(r"^(?:`{3,}|~{3,})$");

static QUOTED_KEY: LazyLock<Regex> = pattern!({
    let names = PIECES.join("|");
    format!(r#"(?i)["'](?:{names}|schema_version|kind|state|outcome)["']\s*:"#)
});

/// The longest line that can be a signature, in bytes.
const LONGEST_SIGNATURE: usize = 80;

/// The text on both sides of the object.
pub(super) struct Sides<'text> {
    pub(super) before: &'text str,
    pub(super) after: &'text str,
}

/// The text beside the object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Beside {
    /// The name in the signature line.
    pub signature: Option<String>,
    /// The first line that does not belong to the form of an answer.
    pub first: Option<String>,
}

/// The kind of a line beside the object.
#[derive(Debug, Clone, PartialEq, Eq)]
enum SideLine<'text> {
    Footer(String),
    Resolved,
    Addressed,
    Fence,
    Signature(&'text str),
    Stray,
    Prose,
}

/// Judges the text around the object.
pub(super) fn around(
    sides: &Sides<'_>,
    object: &Value,
    normalisations: &mut Vec<Normalisation>,
) -> Result<Beside, Vec<Complaint>> {
    if QUOTED_KEY.is_match(sides.before) || QUOTED_KEY.is_match(sides.after) {
        return Err(whole("one whole JSON object", "pieces of another one beside it"));
    }
    let mut footers = Vec::new();
    let mut prose = Vec::new();
    for line in lines(sides.before).chain(lines(sides.after)) {
        match line_of(line) {
            SideLine::Footer(state) => footers.push(state),
            SideLine::Resolved => normalisations.push(Normalisation::OlderResolved),
            SideLine::Addressed => normalisations.push(Normalisation::OlderAddressed),
            SideLine::Fence => normalisations.push(Normalisation::Fence),
            SideLine::Stray => normalisations.push(Normalisation::Stray),
            SideLine::Signature(_) | SideLine::Prose => prose.push(line),
        }
    }
    if footers.len() > 1 {
        return Err(whole("at most one state footer", format!("{}", footers.len())));
    }
    if let Some(footer) = footers.first() {
        agrees(footer, object)?;
        normalisations.push(Normalisation::Footer);
    }
    if let Some(SideLine::Signature(_)) = prose.last().map(|line| line_of(line)) {
        prose.pop();
        normalisations.push(Normalisation::Signature);
    }
    if prose.iter().any(|line| may_hold_marker(line)) {
        return Err(whole("no marker around the object", "a marker in prose"));
    }
    if !prose.is_empty() {
        normalisations.push(Normalisation::Prose);
    }
    Ok(beside(sides))
}

/// Returns whether a line names a marker, or holds the beginning of a comment that may become one: any other whole comment is prose.
fn may_hold_marker(line: &str) -> bool {
    let is_comment = line.starts_with("<!--") && line.ends_with("-->");
    markers::speaks_of_one(line) || (line.contains("<!--") && !is_comment)
}

/// Finds text that does not belong to the form of an answer, which is one fence around the object, a footer, the marker of
/// resolved requirements and a signature, each at most once.
fn beside(sides: &Sides<'_>) -> Beside {
    let mut before = lines(sides.before);
    let opening = before.next();
    let not_opening = opening.filter(|line| !OPENING_FENCE.is_match(line));
    let mut found = Beside { signature: None, first: not_opening.or(before.next()).map(str::to_owned) };
    let (mut fence, mut footer, mut resolved) = (opening.is_some(), true, true);
    for line in lines(sides.after) {
        let is_form = match line_of(line) {
            SideLine::Fence => CLOSING_FENCE.is_match(line) && std::mem::take(&mut fence),
            SideLine::Footer(_) => std::mem::take(&mut footer),
            SideLine::Resolved => std::mem::take(&mut resolved),
            SideLine::Signature(name) => found.signature.replace(name.to_owned()).is_none(),
            SideLine::Addressed | SideLine::Stray | SideLine::Prose => false,
        };
        if !is_form {
            found.first.get_or_insert_with(|| line.to_owned());
        }
    }
    found
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

fn line_of(line: &str) -> SideLine<'_> {
    if let Some(found) = FOOTER.captures(line) {
        return SideLine::Footer(found.get(2).map_or("", |state| state.as_str()).to_ascii_lowercase());
    }
    if let Some(found) = OLDER.captures(line) {
        let word = found.get(1).map_or("", |word| word.as_str());
        return if word.eq_ignore_ascii_case("RESOLVED") { SideLine::Resolved } else { SideLine::Addressed };
    }
    if is_fence(line) {
        return SideLine::Fence;
    }
    if line.len() <= 3 && line.chars().all(|letter| "}],;\"'`.".contains(letter)) {
        return SideLine::Stray;
    }
    match line.strip_prefix("-- ") {
        Some(name) if line.len() <= LONGEST_SIGNATURE => SideLine::Signature(name.trim()),
        Some(_) | None => SideLine::Prose,
    }
}

/// Returns whether a line opens or closes a code fence.
fn is_fence(line: &str) -> bool {
    let behind = line.trim_start_matches(['`', '~']);
    line.len() - behind.len() >= 3 && behind.len() <= 20 && !behind.contains(' ')
}

fn agrees(footer: &str, object: &Value) -> Result<(), Vec<Complaint>> {
    let state = object.get("state").and_then(Value::as_str);
    let kind = object.get("kind").and_then(Value::as_str);
    if [ResponseKind::DiscussReview, ResponseKind::DiscussAgenda].iter().any(|one| kind == Some(one.name())) {
        return Err(whole("no state footer beside this kind of answer", format!("a footer `{footer}`")));
    }
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
