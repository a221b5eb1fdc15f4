//! Renders the visible part of each record of a review. It is never read back: the record has all data.

use std::fmt::Write;

use crate::domain::gate::Verdict;
use crate::domain::ids::ItemId;
use crate::domain::item::{Item, OpenedItem};
use crate::domain::item_status::{Disposition, ItemStatus};
use crate::protocol::text::{ReviewVerdict, Text};
use crate::text::child_issue::TITLE_LIMIT;
use crate::text::markdown::{count, folded, hanging, indented, section};
use crate::text::sanitize::{neutral, one_line, unmarked};

use super::super::comment::{concluded, participants, signature, word};
use super::super::gates::GatesRecord;
use super::super::machine::At;
use super::records::{AnswerRecord, EarlierVotes, FollowedUp, Followup, Opened, ReviewEntry, ReviewRecord};

/// The maximum length of the reminder of an item's text, in characters.
const BRIEF: usize = 100;

/// Renders the visible part of a record. `items` are the items before the record.
pub(super) fn render(at: At<'_>, record: &ReviewEntry, items: &[Item]) -> String {
    match record {
        ReviewEntry::Opened(opened) => opened_text(at, opened),
        ReviewEntry::Review(review) => review_text(at, review, items),
        ReviewEntry::Answer(answer) => answer_text(at, answer, items),
        ReviewEntry::Gates(gates) => gates_text(gates),
        ReviewEntry::FollowedUp(record) => followups_text(record, items),
        ReviewEntry::Concluded(record) => concluded(record),
    }
}

fn opened_text(at: At<'_>, opened: &Opened) -> String {
    let mut text = format!(
        "**agent-loop** reviews this pull request at `{}`: {}, at most {}.",
        opened.head.short(),
        participants(&opened.roster),
        count(u64::from(opened.policy.max_rounds), "round")
    );
    if opened.votes == EarlierVotes::AskedAnew {
        text.push_str("\n\nRecords are missing from this thread, so every reviewer votes again.");
    }
    let _ = write!(text, "\n\n<sub>run {}</sub>", at.run);
    text
}

fn review_text(at: At<'_>, review: &ReviewRecord, items: &[Item]) -> String {
    let verdict = match review.response.state {
        ReviewVerdict::Approved => "✓ approves",
        ReviewVerdict::Blocking => "✗ blocks",
    };
    let mut text = format!("**{}** {verdict} `{}` · round {}", review.agent, review.head.short(), at.round);
    let found = review.opened.iter().filter(|item| item.status.must_fix()).count();
    if found > 0 {
        let _ = write!(text, " · {}", count(u64::try_from(found).unwrap_or(u64::MAX), "finding"));
    }
    let _ = writeln!(text, "\n\n{}", neutral(review.response.summary.as_str()));
    for (heading, standing) in [
        ("Blocking issues", ItemStatus::Blocking),
        ("Same-PR follow-ups", ItemStatus::SamePr),
        ("Future follow-ups", ItemStatus::Future),
    ] {
        section(&mut text, heading, &new_items(review, standing));
    }
    let unreviewed = review.response.unreviewed.iter().flatten().map(|part| unmarked(part.as_str()));
    section(&mut text, "Not reviewed", &unreviewed.collect::<Vec<_>>());
    text.push_str(&earlier(&review.dispositions, items));
    text.push_str(&signature(review.model.as_deref(), review.usage));
    text
}

fn new_items(review: &ReviewRecord, status: ItemStatus) -> Vec<String> {
    let of_this_kind = review.opened.iter().filter(|opened| opened.status == status);
    of_this_kind.map(item_line).collect()
}

fn item_line(opened: &OpenedItem) -> String {
    format!("`{}` {}", opened.id, unmarked(&opened.text))
}

/// Renders the dispositions of earlier items: open ones, then the resolved ones, folded.
fn earlier(dispositions: &[Disposition], items: &[Item]) -> String {
    let (resolved, open): (Vec<_>, Vec<_>) =
        dispositions.iter().partition(|said| said.status == ItemStatus::Resolved);
    let lines = |said: Vec<&Disposition>| said.into_iter().map(|said| disposition(said, items)).collect();
    let (resolved, open): (Vec<String>, Vec<String>) = (lines(resolved), lines(open));
    let mut text = String::new();
    section(&mut text, "Prior unresolved item dispositions", &open);
    let summary = match (resolved.len(), open.is_empty()) {
        (0, _) => return text,
        (1, true) => "The earlier finding is resolved".to_owned(),
        (number, true) => format!("All {number} earlier findings are resolved"),
        (number, false) => format!("{number} resolved"),
    };
    text.push_str(&folded(&summary, &resolved));
    text
}

fn disposition(said: &Disposition, items: &[Item]) -> String {
    let note = said.note.as_ref().map_or_else(String::new, |note| format!(": {}", unmarked(note)));
    format!("`{}` {}{note}{}", said.item, said.status.name(), about(said.item.as_str(), items))
}

/// Returns the beginning of an item's text.
fn about(id: &str, items: &[Item]) -> String {
    let known = items.iter().find(|item| item.id.as_str() == id);
    known.map_or_else(String::new, |item| format!(" <sub>{}</sub>", brief(&item.text)))
}

/// The first line of a text, without code spans and bold words, whose ends may be cut off.
fn brief(text: &str) -> String {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    unmarked(&one_line(first, BRIEF).replace("**", "").replace(['`', '<', '>'], ""))
}

fn answer_text(at: At<'_>, answer: &AnswerRecord, items: &[Item]) -> String {
    let change = if answer.head_before == answer.head_after {
        format!("made no change to `{}`", answer.head_after.short())
    } else {
        format!("pushed `{}`", answer.head_after.short())
    };
    let response = &answer.response;
    let disputed = response.disputed_items.as_ref();
    let counts = [
        (response.addressed_items.len(), "fixed"),
        (disputed.map_or(0, Vec::len), "disputed"),
        (response.remaining_items.len(), "left open"),
    ];
    let mut text = format!("**{}** {change} · round {}", answer.agent, at.round);
    for (number, what) in counts.iter().filter(|(number, _)| *number > 0) {
        let _ = write!(text, " · {number} {what}");
    }
    let _ = writeln!(text, "\n\n{}", neutral(response.summary.as_str()));
    let lists = [
        ("Fixed", Some(&response.addressed_items), &response.addressed_item_notes),
        ("Left open", Some(&response.remaining_items), &response.remaining_item_notes),
        ("Disputed", disputed, &response.dispute_evidence),
    ];
    for (heading, ids, notes) in lists {
        let line = |id: &Text| {
            let note = notes.as_ref().and_then(|notes| notes.get(id.as_str()));
            let note = note.map_or_else(String::new, |note| format!(" {}", unmarked(note.as_str())));
            format!("`{}`{note}{}", id.as_str(), about(id.as_str(), items))
        };
        let lines: Vec<String> = ids.into_iter().flatten().map(line).collect();
        section(&mut text, heading, &lines);
    }
    let tests = tests_run(answer);
    if !tests.is_empty() {
        text.push_str(&folded("Tests run by the coder", &tests));
    }
    text.push_str(&signature(answer.model.as_deref(), answer.usage));
    text
}

fn tests_run(answer: &AnswerRecord) -> Vec<String> {
    let tests = answer.response.tests_run.iter().flatten();
    tests.map(|test| format!("`{}`", unmarked(test.as_str()))).collect()
}

fn gates_text(gates: &GatesRecord) -> String {
    let mut text = String::new();
    for measured in &gates.measurements {
        let mark = if measured.verdict == Verdict::Pass { "✓" } else { "✗" };
        let (gate, verdict) = (&measured.gate, word(measured.verdict));
        let _ = writeln!(text, "**gate {gate}** {mark} {verdict} on `{}`", measured.head.short());
        let says_more = measured.findings.is_empty() || measured.detail.contains('\n');
        if measured.verdict != Verdict::Pass {
            if says_more && !measured.detail.is_empty() {
                let _ = write!(text, "\n{}\n", indented(&measured.detail));
            }
        } else if let Some((details, summary)) = measured.detail.rsplit_once('\n') {
            let details: Vec<String> = details.lines().map(unmarked).collect();
            let _ = write!(text, "\n{}\n{}", unmarked(summary), folded("Measurements", &details));
        }
    }
    for item in gates.opened.iter().chain(&gates.updated) {
        let mut findings = gates.measurements.iter().flat_map(|measured| &measured.findings);
        let finding = findings.find(|finding| item.key.as_ref() == Some(&finding.key));
        let _ = match finding {
            Some(finding) => writeln!(text, "\n- `{}` {}", item.id, hanging(&unmarked(&finding.text), 2)),
            None => writeln!(text, "\n`{}` stays open until this gate passes.", item.id),
        };
    }
    for resolved in &gates.resolved {
        let _ = writeln!(text, "\n`{resolved}` is resolved.");
    }
    text
}

fn followups_text(record: &FollowedUp, items: &[Item]) -> String {
    let count: usize = record.followups.iter().map(|one| one.items.len()).sum();
    let merged = count - record.followups.len().min(count);
    let filed = record.followups.iter().filter(|one| one.issue.is_some()).count();
    let done =
        if filed > 0 { format!("{filed} filed") } else { format!("{} listed", record.followups.len()) };
    let mut text = format!("**Follow-ups** of `{}` · {done}", record.head.short());
    if merged > 0 {
        let _ = write!(text, " · {merged} merged with a similar one");
    }
    if record.skipped > 0 {
        let _ = write!(text, " · {} not filed (limit)", record.skipped);
    }
    text.push('\n');
    let line = |followup: &Followup| followup_line(followup, items);
    section(&mut text, "Future follow-ups", &record.followups.iter().map(line).collect::<Vec<_>>());
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
    // A title is often the beginning of the text.
    let mut text = if one_line(&body, usize::MAX).starts_with(title.trim_end_matches(['…', '.'])) {
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
