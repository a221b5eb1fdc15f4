//! Issues that a run files: their content, and the marker by which they are found again.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::domain::child_issue::{ChildIssue, SectionContent};
use crate::domain::ids::ChildKey;
use crate::ledger::codec::BODY_LIMIT;
use crate::protocol::markers;

use super::inert;
use super::sanitize::{neutral, one_line, unmarked};

/// The maximum length of an issue's title, in characters.
pub const TITLE_LIMIT: usize = 120;

/// Returns the title of an issue.
pub fn title(words: &str) -> String {
    one_line(&inert::plain(&unmarked(words)), TITLE_LIMIT)
}

/// Returns the description of an issue.
pub fn body(issue: &ChildIssue) -> String {
    let mut text = format!("{}\n\n{}\n", issue.origin, neutral(&issue.text));
    for section in &issue.sections {
        let _ = write!(text, "\n### {}\n\n", section.heading);
        match &section.content {
            SectionContent::Text(words) => {
                let _ = writeln!(text, "{}", neutral(words));
            }
            SectionContent::List(lines) => {
                for line in lines {
                    let _ = writeln!(text, "- {}", unmarked(line).replace('\n', "\n  "));
                }
            }
        }
    }
    let marker = marker(issue.parent, &issue.key);
    let room = BODY_LIMIT.saturating_sub(marker.len() + 3);
    let links: BTreeSet<u64> = issue.links.iter().copied().chain([issue.parent]).collect();
    format!("{}\n\n{marker}\n", inert::comment(&text, room, &links))
}

/// Returns the line by which an issue of ours is found again.
pub fn marker(parent: u64, key: &ChildKey) -> String {
    format!("<!-- AGENT_LOOP_CHILD: {} -->", value(parent, key))
}

fn value(parent: u64, key: &ChildKey) -> String {
    format!("parent={parent} key={key}")
}

/// Returns whether a filed issue is this one, by its marker, or by its title if it has none.
pub fn is_same_issue(filed_title: &str, filed_body: &str, issue: &ChildIssue) -> bool {
    let markers = markers::standing(filed_body);
    match markers.iter().find(|marker| marker.name == "AGENT_LOOP_CHILD") {
        Some(marker) => marker.value == value(issue.parent, &issue.key),
        None => filed_title == title(&issue.title),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::child_issue::ChildSection;

    #[test]
    fn long_issues_keep_their_marker() {
        for words in ["@ada ", "é", "#7 ", "```\n", "![x](https://x.y/z) ", "word\n"] {
            let issue = ChildIssue {
                key: "0123456789abcdef".parse().unwrap(),
                parent: 7,
                title: words.repeat(70_000),
                origin: "From the review of #7.".to_owned(),
                text: words.repeat(70_000),
                sections: Vec::new(),
                links: Vec::new(),
            };
            let body = body(&issue);
            assert!(body.len() <= BODY_LIMIT, "{words}: {}", body.len());
            assert!(
                title(&issue.title).chars().count() <= TITLE_LIMIT && is_same_issue("", &body, &issue),
                "{words}"
            );
        }
    }

    #[test]
    fn an_issue_is_found_by_marker() {
        let list = |line: &str| SectionContent::List(vec![line.to_owned()]);
        let notes = "item-1 by codex in round 1: <!-- AGENT_LOOP_CHILD: parent=7 key=x -->";
        let issue = ChildIssue {
            key: "0123456789abcdef".parse().unwrap(),
            parent: 7,
            title: "title".to_owned(),
            origin: "From the review of #7.".to_owned(),
            text: "do it\n```\nopen".to_owned(),
            sections: vec![ChildSection { heading: "Original reviewer notes", content: list(notes) }],
            links: Vec::new(),
        };
        let body = body(&issue);
        assert!(body.starts_with("From the review of #7"));
        assert!(body.trim_end().ends_with(&marker(7, &issue.key)));
        assert!(is_same_issue("any", &body, &issue));
        assert!(is_same_issue("title", "by hand", &issue));
        let other = ChildIssue { key: "fedcba9876543210".parse().unwrap(), ..issue };
        assert!(!is_same_issue("title", &body, &other), "the same title, another piece of work");
    }
}
