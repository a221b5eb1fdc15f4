//! The visible part of each record of a review. Nothing is ever read back from it: the record below holds everything.

use std::fmt::Write;

use crate::domain::gate::Verdict;
use crate::domain::item::{Item, OpenedItem};
use crate::domain::item_status::ItemStatus;
use crate::protocol::text::{ReviewVerdict, Text};
use crate::text::followup::TITLE_LIMIT;
use crate::text::markdown::{count, hanging, indented, section};
use crate::text::sanitize::{neutral, one_line, unmarked};

use super::super::comment::{concluded, concluded_line, seats, signature};
use super::super::gates::GatesRecord;
use super::super::machine::At;
use super::records::{AnswerRecord, EarlierVotes, FollowedUp, Followup, Opened, ReviewEntry, ReviewRecord};

/// The visible part of a record. `items` are the items as they stood before it.
pub(super) fn render(at: At<'_>, record: &ReviewEntry, items: &[Item]) -> String {
    match record {
        ReviewEntry::Opened(opened) => opened_text(at, opened),
        ReviewEntry::Review(review) => review_text(at, review, items),
        ReviewEntry::Answer(answer) => answer_text(at, answer, items),
        ReviewEntry::Gates(gates) => gates_text(gates),
        ReviewEntry::FollowedUp(record) => followups_text(record),
        ReviewEntry::Concluded(record) => concluded(record),
    }
}

/// One line that says what a record says.
pub(super) fn headline(record: &ReviewEntry) -> String {
    match record {
        ReviewEntry::Opened(_) => "the run is opened".to_owned(),
        ReviewEntry::Review(review) => match review.response.state {
            ReviewVerdict::Approved => format!("{} approves", review.agent),
            ReviewVerdict::Blocking => {
                let left = review.dispositions.iter().filter(|said| said.status.must_fix()).count();
                format!("{} blocks: {} new, {left} still open", review.agent, review.opened.len())
            }
        },
        ReviewEntry::Answer(answer) => {
            format!("{} answers: {}", answer.agent, one_line(answer.response.summary.as_str(), 80))
        }
        ReviewEntry::Gates(gates) => {
            let each = gates.measurements.iter().map(|one| format!("{} {}", one.gate, one.verdict.name()));
            each.collect::<Vec<_>>().join(", ")
        }
        ReviewEntry::FollowedUp(record) => followups_line(record),
        ReviewEntry::Concluded(record) => concluded_line(record),
    }
}

fn opened_text(at: At<'_>, opened: &Opened) -> String {
    let mut text = format!(
        "**agent-loop** reviews this pull request at {}.\n\nCoder: `{}`. Reviewers: {}. At most {} rounds.",
        opened.head.short(),
        opened.roster.coder().label,
        seats(opened.roster.reviewers()),
        opened.policy.max_rounds
    );
    if opened.votes == EarlierVotes::AskedAnew {
        text.push_str("\n\nRecords are missing from this thread: every reviewer is asked anew.");
    }
    let _ = write!(text, "\n\n<sub>run {}</sub>", at.run);
    text
}

fn review_text(at: At<'_>, review: &ReviewRecord, items: &[Item]) -> String {
    let verdict = match review.response.state {
        ReviewVerdict::Approved => "approves",
        ReviewVerdict::Blocking => "blocks",
    };
    let mut text = format!(
        "**{}** {verdict} {} in round {}.\n\n{}\n",
        review.agent,
        review.head.short(),
        at.round,
        neutral(review.response.summary.as_str())
    );
    section(&mut text, "Blocking issues", &new_items(review, ItemStatus::Blocking));
    section(&mut text, "Same-PR follow-ups", &new_items(review, ItemStatus::SamePr));
    let said: Vec<String> = review
        .dispositions
        .iter()
        .map(|said| {
            let known = items.iter().find(|item| item.id == said.item).map_or("", |item| &item.text);
            let note = said.note.as_ref().map_or_else(String::new, |note| format!(": {}", unmarked(note)));
            format!(
                "`{}` {}{note} <sub>{}</sub>",
                said.item,
                said.status.name(),
                unmarked(&one_line(known, 100))
            )
        })
        .collect();
    section(&mut text, "Prior unresolved item dispositions", &said);
    text.push_str(&signature(review.model.as_deref(), review.agent.as_str(), review.usage));
    text
}

fn new_items(review: &ReviewRecord, status: ItemStatus) -> Vec<String> {
    let of_this_kind = review.opened.iter().filter(|opened| opened.status == status);
    of_this_kind.map(item_line).collect()
}

fn item_line(opened: &OpenedItem) -> String {
    format!("`{}` {}", opened.id, unmarked(&opened.text))
}

fn answer_text(at: At<'_>, answer: &AnswerRecord, items: &[Item]) -> String {
    let change = if answer.head_before == answer.head_after {
        "leaves the head as it was".to_owned()
    } else {
        format!("changes {} to {}", answer.head_before.short(), answer.head_after.short())
    };
    let response = &answer.response;
    let summary = neutral(response.summary.as_str());
    let mut text = format!("**{}** {change} after round {}.\n\n{summary}\n", answer.agent, at.round);
    let lists = [
        ("Addressed", Some(&response.addressed_items), &response.addressed_item_notes),
        ("Remaining", Some(&response.remaining_items), &response.remaining_item_notes),
        ("Disputed", response.disputed_items.as_ref(), &response.dispute_evidence),
    ];
    for (heading, ids, notes) in lists {
        let line = |id: &Text| {
            let note = notes.as_ref().and_then(|notes| notes.get(id.as_str()));
            let known = items
                .iter()
                .find(|item| item.id.as_str() == id.as_str())
                .map(|item| one_line(&item.text, 100));
            let words = note.map(|note| note.as_str().to_owned()).or(known).unwrap_or_default();
            format!("`{}` {}", id.as_str(), unmarked(&words))
        };
        let lines: Vec<String> = ids.into_iter().flatten().map(line).collect();
        section(&mut text, heading, &lines);
    }
    section(&mut text, "Tests run", &tests_run(answer));
    text.push_str(&signature(answer.model.as_deref(), answer.agent.as_str(), answer.usage));
    text
}

fn tests_run(answer: &AnswerRecord) -> Vec<String> {
    let tests = answer.response.tests_run.iter().flatten();
    tests.map(|test| format!("`{}`", unmarked(test.as_str()))).collect()
}

fn gates_text(gates: &GatesRecord) -> String {
    let mut text = String::new();
    for measured in &gates.measurements {
        let word = match measured.verdict {
            Verdict::Pass => "passes",
            Verdict::Fail => "fails",
            Verdict::Inconclusive => "could not be measured",
        };
        let _ = writeln!(text, "**gate `{}`** {word} on {}.", measured.gate, measured.head.short());
        if measured.verdict != Verdict::Pass && !measured.detail.is_empty() {
            let _ = write!(text, "\n{}\n", indented(&measured.detail));
        }
    }
    for item in gates.opened.iter().chain(&gates.updated) {
        let mut findings = gates.measurements.iter().flat_map(|measured| &measured.findings);
        let finding = findings.find(|finding| item.key.as_ref() == Some(&finding.key));
        let _ = match finding {
            Some(finding) => writeln!(text, "\n- `{}` {}", item.id, hanging(&unmarked(&finding.text), 2)),
            None => writeln!(text, "\nIt is `{}`.", item.id),
        };
    }
    for resolved in &gates.resolved {
        let _ = writeln!(text, "\n`{resolved}` is resolved.");
    }
    text
}

fn followups_line(record: &FollowedUp) -> String {
    let count = |number: usize| count(u64::try_from(number).unwrap_or(u64::MAX), "follow-up");
    match record.followups.iter().filter(|one| one.issue.is_some()).count() {
        0 => format!("{} listed", count(record.followups.len())),
        filed => format!("{} filed", count(filed)),
    }
}

fn followups_text(record: &FollowedUp) -> String {
    let items: usize = record.followups.iter().map(|one| one.items.len()).sum();
    let merged = items - record.followups.len().min(items);
    let filed = record.followups.iter().filter(|one| one.issue.is_some()).count();
    let done =
        if filed > 0 { format!("{filed} filed") } else { format!("{} summarised", record.followups.len()) };
    let mut text = format!(
        "**Follow-ups** of {}: {done}, {merged} merged into another, {} left out by the cap.\n",
        record.head.short(),
        record.skipped
    );
    section(&mut text, "Future follow-ups", &record.followups.iter().map(followup_line).collect::<Vec<_>>());
    text
}

fn followup_line(followup: &Followup) -> String {
    let ids: Vec<String> = followup.items.iter().map(|id| format!("`{id}`")).collect();
    let (title, ids) = (unmarked(&one_line(&followup.title, TITLE_LIMIT)), ids.join(", "));
    if let Some(number) = followup.issue {
        return format!("#{number} {title} ({ids})");
    }
    let mut text = format!("**{title}** ({ids})\n\n{}\n", neutral(&followup.text));
    // The words of one reviewer alone stand there already.
    if followup.notes.len() > 1 {
        text.push_str("\nOriginal reviewer notes:\n\n");
        for note in &followup.notes {
            let _ = writeln!(text, "- {}", unmarked(&one_line(note, 500)));
        }
    }
    hanging(&text, 2)
}
