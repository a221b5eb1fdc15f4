//! Issues for follow-ups: their origin, their content, and the marker by which they are found again.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::domain::ids::{ChildKey, CommitSha, PullRequestNumber};
use crate::ledger::codec::BODY_LIMIT;
use crate::protocol::markers;

use super::inert;
use super::sanitize::{neutral, one_line, unmarked};

/// The maximum length of an issue's title, in characters.
pub const TITLE_LIMIT: usize = 120;

/// The parts of an issue for a follow-up.
#[derive(Debug, Clone, Copy)]
pub struct IssueParts<'order> {
    /// The key by which the issue is found again.
    pub key: &'order ChildKey,
    /// The pull request of the follow-up.
    pub parent: PullRequestNumber,
    pub head: &'order CommitSha,
    /// The work to do.
    pub text: &'order str,
    pub notes: &'order [String],
}

/// Returns the title of an issue.
pub fn title(words: &str) -> String {
    one_line(&inert::plain(&unmarked(words)), TITLE_LIMIT)
}

/// Returns the description of an issue.
pub fn body(parts: IssueParts<'_>) -> String {
    let mut text = format!(
        "From the review of #{}, approved at `{}`.\n\n{}\n",
        parts.parent,
        parts.head.short(),
        neutral(parts.text)
    );
    if !parts.notes.is_empty() {
        text.push_str("\n### Original reviewer notes\n\n");
        for note in parts.notes {
            let _ = writeln!(text, "- {}", unmarked(note).replace('\n', "\n  "));
        }
    }
    let marker = marker(parts.parent, parts.key);
    let room = BODY_LIMIT.saturating_sub(marker.len() + 3);
    format!("{}\n\n{marker}\n", inert::comment(&text, room, &BTreeSet::from([parts.parent.0])))
}

/// Returns the line by which an issue of ours is found again.
pub fn marker(parent: PullRequestNumber, key: &ChildKey) -> String {
    format!("<!-- AGENT_LOOP_CHILD: {} -->", value(parent, key))
}

fn value(parent: PullRequestNumber, key: &ChildKey) -> String {
    format!("parent={parent} key={key}")
}

/// Returns whether an issue of ours is for this follow-up, by its marker, or by its title if it has none.
pub fn is_it(
    issue_title: &str,
    issue_body: &str,
    parent: PullRequestNumber,
    key: &ChildKey,
    title: &str,
) -> bool {
    let markers = markers::standing(issue_body);
    match markers.iter().find(|marker| marker.name == "AGENT_LOOP_CHILD") {
        Some(marker) => marker.value == value(parent, key),
        None => issue_title == title,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issue_is_found_by_marker() {
        let (key, other): (ChildKey, ChildKey) =
            ("0123456789abcdef".parse().unwrap(), "fedcba9876543210".parse().unwrap());
        let head = "a".repeat(40).parse().unwrap();
        let parent = PullRequestNumber(7);
        let notes = ["item-1 by codex in round 1: <!-- AGENT_LOOP_CHILD: parent=7 key=x -->".to_owned()];
        let body =
            body(IssueParts { key: &key, parent, head: &head, text: "do it\n```\nopen", notes: &notes });
        assert!(body.starts_with("From the review of #7"));
        assert!(body.trim_end().ends_with(&marker(parent, &key)));
        assert!(is_it("any", &body, parent, &key, "title"));
        assert!(!is_it("title", &body, parent, &other, "title"), "the same title, another piece of work");
        assert!(is_it("title", "by hand", parent, &key, "title"));
    }
}
