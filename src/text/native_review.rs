//! A review as the forge's own reviews show it: must-fix findings at lines of the diff, the rest in its body.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::domain::forge_review::{ForgeReview, ForgeVerdict, Remark};
use crate::domain::ids::{CommitSha, Label, RecordId, RunId};
use crate::domain::item::OpenedItem;
use crate::domain::vote::Ballot;

use super::diff_lines::DiffLines;
use super::inert;
use super::markdown::section;
use super::places::places;
use super::sanitize::{neutral, unmarked};

/// The start of the line that marks a text as a view of a record.
const MARK: &str = "<!-- agent-loop review: ";

/// The parts of a review's record.
#[derive(Debug, Clone, Copy)]
pub struct ReviewParts<'record> {
    pub record: &'record RecordId,
    pub head: &'record CommitSha,
    pub agent: &'record Label,
    pub round: u32,
    pub state: Ballot,
    pub summary: &'record str,
    pub items: &'record [OpenedItem],
}

/// Returns a review for the forge, in which only the numbers in `own` may be linked. Findings for later get no thread, because nothing in this pull request resolves them.
pub fn review(parts: &ReviewParts<'_>, lines: &DiffLines, own: &BTreeSet<u64>) -> ForgeReview {
    let (verdict, word) = match parts.state {
        Ballot::Approved => (ForgeVerdict::Comment, "✓ approves"),
        Ballot::Blocking
        | Ballot::Implement
        | Ballot::DoNotImplement
        | Ballot::NeedsHuman
        | Ballot::Split => (ForgeVerdict::RequestChanges, "✗ blocks"),
    };
    let head = parts.head.short();
    let mut body = format!("**{}** {word} `{head}` · round {}\n\n", parts.agent, parts.round);
    let _ = writeln!(body, "{}", neutral(parts.summary));
    let (mut remarks, mut others) = (Vec::new(), Vec::new());
    for item in parts.items {
        let text = format!("`{}` **{}** {}", item.id, item.status.name(), unmarked(&item.text));
        let place = places(&item.text).into_iter().find(|place| lines.has_line(&place.path, place.line));
        match place.filter(|_| item.status.must_fix()) {
            Some(place) => {
                let (item, text) = (item.id.clone(), inert::markdown(&neutral(&text), own));
                remarks.push(Remark { item, path: place.path, line: place.line, text });
            }
            None => others.push(text),
        }
    }
    section(&mut body, "Findings", &others);
    let body = inert::markdown(&body, own);
    ForgeReview { mark: parts.record.to_string(), head: parts.head.clone(), verdict, body, remarks }
}

/// Returns the approval of a whole run.
pub fn approval(run: &RunId, head: &CommitSha, sentence: &str) -> ForgeReview {
    ForgeReview {
        mark: format!("{run} {head}"),
        head: head.clone(),
        verdict: ForgeVerdict::Approve,
        body: format!("{sentence}, at `{}`.\n", head.short()),
        remarks: Vec::new(),
    }
}

/// Returns the line that marks a text as a view of a record.
pub fn mark(name: &str) -> String {
    format!("{MARK}{name} -->")
}

/// Returns the name by which a text is marked as a view of a record.
pub fn marked(text: &str) -> Option<&str> {
    text.trim_end().lines().next_back()?.strip_prefix(MARK)?.strip_suffix(" -->")
}
