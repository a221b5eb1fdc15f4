//! Renders reviews and their follow-ups for people, for any kind of revision.

use std::fmt::Write;

use crate::domain::ids::ItemId;
use crate::domain::item::Item;
use crate::domain::item_status::{Disposition, ItemStatus, Scope};
use crate::protocol::text::{ReviewVerdict, Text};
use crate::text::child_issue::TITLE_LIMIT;
use crate::text::markdown::{count, folded, hanging, section};
use crate::text::sanitize::{neutral, one_line, unmarked};

use super::comment::signature;
use super::followups::{Followup, HandledFollowups};
use super::given::{Given, ReviewFindings};

/// The maximum length of the reminder of an item's text, in characters.
const BRIEF: usize = 100;

/// The parts of a review.
#[derive(Debug, Clone, Copy)]
pub struct ShownReview<'record> {
    pub scope: Scope,
    pub verdict: ReviewVerdict,
    /// The short form of the revision.
    pub revision: &'record str,
    pub round: u32,
    pub summary: &'record str,
    /// The parts of the change that were not reviewed.
    pub unreviewed: &'record [Text],
    pub findings: &'record ReviewFindings,
    pub given: &'record Given,
}

/// Renders a review. `items` are the items before it.
pub fn review(review: ShownReview<'_>, items: &[Item]) -> String {
    let verdict = match review.verdict {
        ReviewVerdict::Approved => "✓ approves",
        ReviewVerdict::Blocking => "✗ blocks",
    };
    let mut text =
        format!("**{}** {verdict} `{}` · round {}", review.given.agent, review.revision, review.round);
    let found = review.findings.opened.iter().filter(|item| item.status.must_fix()).count();
    if found > 0 {
        let _ = write!(text, " · {}", count(found, "finding"));
    }
    let _ = writeln!(text, "\n\n{}", neutral(review.summary));
    let (blocking, same, prior) = match review.scope {
        Scope::PullRequest => ("Blocking issues", "Same-PR follow-ups", "Prior unresolved item dispositions"),
        Scope::Plan => {
            ("Blocking plan issues", "Same-plan follow-ups", "Prior unresolved plan item dispositions")
        }
    };
    for (heading, status) in [
        (blocking, ItemStatus::Blocking),
        (same, ItemStatus::SamePr),
        ("Future follow-ups", ItemStatus::Future),
    ] {
        let of_this_kind = review.findings.opened.iter().filter(|opened| opened.status == status);
        let lines: Vec<String> =
            of_this_kind.map(|opened| format!("`{}` {}", opened.id, unmarked(&opened.text))).collect();
        section(&mut text, heading, &lines);
    }
    let unreviewed = review.unreviewed.iter().map(|part| unmarked(part.as_str()));
    section(&mut text, "Not reviewed", &unreviewed.collect::<Vec<_>>());
    text.push_str(&earlier(&review, prior, items));
    text.push_str(&signature(review.given.model.as_deref(), review.given.usage));
    text
}

/// Renders the dispositions of earlier items: open ones, then the resolved ones, folded.
fn earlier(review: &ShownReview<'_>, heading: &str, items: &[Item]) -> String {
    let (resolved, open): (Vec<_>, Vec<_>) =
        review.findings.dispositions.iter().partition(|said| said.status == ItemStatus::Resolved);
    let lines = |said: Vec<&Disposition>| -> Vec<String> {
        said.into_iter().map(|said| disposition(said, review.scope, items)).collect()
    };
    let (resolved, open) = (lines(resolved), lines(open));
    let mut text = String::new();
    section(&mut text, heading, &open);
    let summary = match (resolved.len(), open.is_empty()) {
        (0, _) => return text,
        (1, true) => "The earlier finding is resolved".to_owned(),
        (number, true) => format!("All {number} earlier findings are resolved"),
        (number, false) => format!("{number} resolved"),
    };
    text.push_str(&folded(&summary, &resolved));
    text
}

/// Renders a disposition of an item.
pub fn disposition(said: &Disposition, scope: Scope, items: &[Item]) -> String {
    let note = said.note.as_ref().map_or_else(String::new, |note| format!(": {}", unmarked(note)));
    format!("`{}` {}{note}{}", said.item, said.status.name_in(scope), about(said.item.as_str(), items))
}

/// Returns the beginning of an item's text.
pub fn about(id: &str, items: &[Item]) -> String {
    let known = items.iter().find(|item| item.id.as_str() == id);
    known.map_or_else(String::new, |item| format!(" <sub>{}</sub>", brief(&item.text)))
}

/// Returns the first line of a text, without code spans and bold words, whose ends may be cut off.
fn brief(text: &str) -> String {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    unmarked(&one_line(first.trim_end_matches(':'), BRIEF).replace("**", "").replace(['`', '<', '>'], ""))
}

/// Renders the follow-ups of an approved revision.
pub fn followups(revision: &str, handled: &HandledFollowups, items: &[Item]) -> String {
    let count: usize = handled.followups.iter().map(|one| one.items.len()).sum();
    let merged = count - handled.followups.len().min(count);
    let filed = handled.followups.iter().filter(|one| one.issue.is_some()).count();
    let done =
        if filed > 0 { format!("{filed} filed") } else { format!("{} listed", handled.followups.len()) };
    let mut text = format!("**Follow-ups** of `{revision}` · {done}");
    if merged > 0 {
        let _ = write!(text, " · {merged} merged with a similar one");
    }
    if handled.skipped > 0 {
        let _ = write!(text, " · {} not filed (limit)", handled.skipped);
    }
    text.push('\n');
    let line = |followup: &Followup| followup_line(followup, items);
    section(&mut text, "Future follow-ups", &handled.followups.iter().map(line).collect::<Vec<_>>());
    text
}

/// Renders a follow-up with its reviewers.
fn followup_line(followup: &Followup, items: &[Item]) -> String {
    let who = |id: &ItemId| {
        let author = items.iter().find(|item| item.id == *id).map(|item| format!(" by {}", item.author));
        format!("`{id}`{}", author.unwrap_or_default())
    };
    let ids = followup.items.iter().map(who).collect::<Vec<_>>().join(", ");
    let title = unmarked(&one_line(&followup.title, TITLE_LIMIT));
    if let Some(number) = followup.issue {
        return format!("#{number} {title} ({ids})");
    }
    let body = neutral(&followup.text);
    // A title is often the beginning of the text, without its bold words.
    let begin = one_line(&body, usize::MAX).replace("**", "");
    let mut text = if begin.starts_with(title.trim_end_matches(['…', '.'])) {
        format!("{body} ({ids})\n")
    } else {
        format!("**{title}** ({ids})\n\n{body}\n")
    };
    // One of the notes is the text itself.
    let others: Vec<&String> = followup.notes.iter().filter(|note| !note.ends_with(&followup.text)).collect();
    if !others.is_empty() {
        text.push_str("\nOther reviewer notes:\n\n");
    }
    for note in others {
        let _ = writeln!(text, "- {}", unmarked(&one_line(note, 500)));
    }
    hanging(&text, 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_of_followups_appear_once() {
        for (title, text, expected) in [
            ("Docs", "**Docs** Write a manual.", "**Docs** Write a manual. (`item-1`)"),
            ("Write a manual…", "Write a manual about it.", "Write a manual about it. (`item-1`)"),
            ("Docs", "Write a manual.", "**Docs** (`item-1`)\n\n  Write a manual."),
        ] {
            let followup = Followup {
                title: title.to_owned(),
                text: text.to_owned(),
                items: vec!["item-1".parse().unwrap()],
                notes: Vec::new(),
                issue: None,
            };
            assert_eq!(followup_line(&followup, &[]).trim_end(), expected);
        }
    }
}
