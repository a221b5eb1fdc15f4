//! The markers of the loop in texts of a forge. A marker is a separate line outside code; anything else that looks like a
//! marker is text.

use std::ops::Range;
use std::sync::LazyLock;

use memchr::memchr2;
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag};
use regex::Regex;

use crate::pattern::pattern;

/// The names of our markers.
pub const NAMES: [&str; 10] = [
    "AGENT_LOOP_META",
    "AGENT_STATE",
    "AGENT_PLAN_STATE",
    "AGENT_PR",
    "AGENT_CLARIFY",
    "HUMAN_REQUIREMENTS_ADDRESSED",
    "HUMAN_REQUIREMENTS_RESOLVED",
    "AGENT_DISCUSS_CONSENSUS",
    "AGENT_LOOP_CHILD",
    "AGENT_LOOP_TASK",
];

/// The line by which a person signs a requirement.
pub const SIGNATURE: &str = "-- Human Reviewer";

static ANY: LazyLock<Regex> = pattern!(format!(r"(?i)\b(?:{})\b", NAMES.join("|")));
static SPOKEN: LazyLock<Regex> = pattern!({
    let (fields, others): (Vec<&str>, Vec<&str>) =
        NAMES.iter().partition(|name| name.starts_with("HUMAN_REQUIREMENTS"));
    format!(r"(?i:\b(?:{})\b)|\b(?:{})\b", others.join("|"), fields.join("|"))
});
static HELD: LazyLock<Regex> = pattern!(format!(r"(?i)<!--\s*(?:{})\b", NAMES.join("|")));
static MARKER: LazyLock<Regex> = pattern!(r"(?i)^<!--\s*([A-Z_]+)\s*(?::\s*(.*?))?\s*-->$");

/// Returns whether a text contains the name of a marker.
pub fn names_one(text: &str) -> bool {
    ANY.is_match(text)
}

/// Returns whether a text names a marker. `human_requirements_resolved` is a field of an answer, so that name must be in
/// capitals.
pub fn speaks_of_one(text: &str) -> bool {
    SPOKEN.is_match(text)
}

/// Returns whether a text contains a marker, even where it has no effect.
pub fn holds_one(text: &str) -> bool {
    text.contains("<!--") && HELD.is_match(text)
}

/// A well-formed marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marker<'text> {
    pub name: &'static str,
    /// The text after the colon.
    pub value: &'text str,
}

/// Parses a line that consists of a marker only.
pub fn of_line(line: &str) -> Option<Marker<'_>> {
    let found = MARKER.captures(line.trim())?;
    let written = found.get(1)?.as_str();
    let name = NAMES.into_iter().find(|name| name.eq_ignore_ascii_case(written))?;
    Some(Marker { name, value: found.get(2).map_or("", |value| value.as_str()) })
}

/// Returns the markers that are alone on their line and outside code.
pub fn standing(text: &str) -> Vec<Marker<'_>> {
    if !names_one(text) {
        return Vec::new();
    }
    lines_outside_code(text).into_iter().filter_map(of_line).collect()
}

/// Returns the lines outside fenced code blocks. The parser runs only on texts with a fence.
pub fn lines_outside_code(text: &str) -> Vec<&str> {
    let mut blocks = fenced_blocks(text).into_iter().peekable();
    let mut offset = 0;
    let mut lines = Vec::new();
    for line in text.split_inclusive('\n') {
        // Blocks are in order and do not overlap, so passed ones are not checked again.
        while blocks.next_if(|block| block.end <= offset).is_some() {}
        if !blocks.peek().is_some_and(|block| block.contains(&offset)) {
            lines.push(line.trim_end_matches(['\n', '\r']));
        }
        offset += line.len();
    }
    lines
}

/// Returns whether this offset is in a fenced code block.
pub fn is_in_code(text: &str, offset: usize) -> bool {
    fenced_blocks(text).iter().any(|block| block.contains(&offset))
}

/// Returns the position of the last line that is neither blank nor in a fenced code block.
pub fn last_line_outside_code(text: &str) -> Option<Range<usize>> {
    let mut blocks = fenced_blocks(text).into_iter().rev().peekable();
    let mut end = text.len();
    for line in text.split_inclusive('\n').rev() {
        let place = end - line.len()..end;
        end = place.start;
        while blocks.next_if(|block| block.start >= place.end).is_some() {}
        let is_in_code = blocks.peek().is_some_and(|block| block.contains(&place.start));
        if !is_in_code && !line.trim().is_empty() {
            return Some(place);
        }
    }
    None
}

fn fenced_blocks(text: &str) -> Vec<Range<usize>> {
    // Few comments have one of the two signs, which are found much faster than three in a row.
    let has_sign = memchr2(b'`', b'~', text.as_bytes()).is_some();
    if !has_sign || !text.contains("```") && !text.contains("~~~") {
        return Vec::new();
    }
    Parser::new(text)
        .into_offset_iter()
        .filter(|(event, _)| matches!(event, Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_)))))
        .map(|(_, range)| range)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_stand_alone_outside_code() {
        let marker = "<!-- agent_state: approved -->";
        assert_eq!(standing(marker), [Marker { name: "AGENT_STATE", value: "approved" }]);
        for quoted in [
            format!("```\n{marker}\n```"),
            format!("~~~~ text\n{marker}\n```\n"),
            format!("see {marker}"),
            format!("> {marker}"),
            format!("`{marker}`"),
            "<!-- AGENT_STATES: approved -->".to_owned(),
        ] {
            assert_eq!(standing(&quoted), [], "{quoted}");
        }
        assert_eq!(standing(&format!("```\nx\n```\n{marker}")).len(), 1);
    }

    #[test]
    fn many_blocks_take_a_moment() {
        // Comparing every line with every block took minutes.
        let text = "```\n```\nx\n".repeat(100_000);
        assert_eq!(lines_outside_code(&text).len(), 100_000);
    }

    #[test]
    fn only_whole_names_count() {
        assert!(names_one("the AGENT_LOOP_META line") && names_one("agent_pr"));
        assert!(!names_one("AGENT_PRESS and MY_AGENT_STATES"));
    }
}
