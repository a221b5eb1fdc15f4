//! The visible part of each record. Nothing is ever read back from it: the record below it holds everything.

use std::fmt::Write;

use crate::domain::ending::Ending;
use crate::domain::gate::Verdict;
use crate::domain::item::{Item, OpenedItem};
use crate::domain::item_status::ItemStatus;
use crate::domain::roster::Seat;
use crate::domain::usage::Usage;
use crate::ledger::payload::{Answered, Concluded, Delivered, EarlierVotes, Gates, Opened, Review, Started};
use crate::ledger::record::{Payload, Record};
use crate::protocol::text::{ReviewVerdict, Text};

use super::followup;
use super::sanitize::closing::closed;
use super::sanitize::{neutral, one_line, unmarked};

/// The visible part of a record. `items` are the items as they stood before it.
pub fn render(record: &Record, items: &[Item]) -> String {
    match &record.payload {
        Payload::Opened(opened) => opened_text(record, opened),
        Payload::Review(review) => review_text(record, review, items),
        Payload::Answer(answer) => answer_text(record, answer, items),
        Payload::Gates(gates) => gates_text(gates),
        Payload::FollowedUp(record) => followup::comment(record),
        Payload::Concluded(concluded) | Payload::DeliveryConcluded(concluded) => concluded_text(concluded),
        Payload::Started(started) => started_text(started),
        Payload::Delivered(delivered) => delivered_text(delivered),
    }
}

/// The visible part within so many bytes; what is cut off is said to be, and nothing stays open that would swallow the
/// record below it.
pub fn fitted(visible: &str, room: usize) -> String {
    const SHORTENED: &str = "\n\n_(shortened; the record below holds everything)_";
    let whole = closed(visible.trim_end());
    if whole.len() <= room {
        return whole.into_owned();
    }
    // A closing fence may have to be added after the cut: it is no longer than the longest line of a fence.
    let longest = room.saturating_sub(SHORTENED.len() + FENCE_ROOM);
    let end = (0..=longest).rev().find(|end| visible.is_char_boundary(*end)).unwrap_or(0);
    let cut = closed(visible.get(..end).unwrap_or_default());
    if cut.len() + SHORTENED.len() <= room {
        format!("{cut}{SHORTENED}")
    } else {
        SHORTENED.trim().to_owned()
    }
}

/// Room for a fence that is added to close a block of code.
const FENCE_ROOM: usize = 80;

/// One line that says what a record says.
pub fn headline(payload: &Payload) -> String {
    match payload {
        Payload::Opened(_) => "the run is opened".to_owned(),
        Payload::Review(review) => match review.response.state {
            ReviewVerdict::Approved => format!("{} approves", review.agent),
            ReviewVerdict::Blocking => {
                let left = review.dispositions.iter().filter(|said| said.standing.must_fix()).count();
                format!("{} blocks: {} new, {left} still open", review.agent, review.opened.len())
            }
        },
        Payload::Answer(answer) => {
            format!("{} answers: {}", answer.agent, one_line(answer.response.summary.as_str(), 80))
        }
        Payload::Gates(gates) => {
            let words = gates.measurements.iter().map(|one| format!("{} {}", one.gate, one.verdict.name()));
            words.collect::<Vec<_>>().join(", ")
        }
        Payload::FollowedUp(record) => followup::headline(record),
        Payload::Concluded(concluded) | Payload::DeliveryConcluded(concluded) => {
            format!("{}: {}", concluded.ending.status(), one_line(&concluded.message, 80))
        }
        Payload::Started(started) => format!("work begins on {}", started.branch),
        Payload::Delivered(delivered) => format!("pull request {} stands", delivered.pull_request),
    }
}

fn seats(seats: &[Seat]) -> String {
    let names: Vec<String> = seats.iter().map(|seat| format!("`{}`", seat.label)).collect();
    names.join(", ")
}

fn opened_text(record: &Record, opened: &Opened) -> String {
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
    let _ = write!(text, "\n\n<sub>run {}</sub>", record.run);
    text
}

fn started_text(started: &Started) -> String {
    format!(
        "**agent-loop** works on this, on the branch `{}` from `{}`.\n\nCoder: `{}`. Reviewers: {}.",
        started.branch,
        started.base_ref,
        started.roster.coder().label,
        seats(started.roster.reviewers())
    )
}

fn delivered_text(delivered: &Delivered) -> String {
    format!("Pull request #{} stands, at {}.", delivered.pull_request, delivered.head.short())
}

fn review_text(record: &Record, review: &Review, items: &[Item]) -> String {
    let verdict = match review.response.state {
        ReviewVerdict::Approved => "approves",
        ReviewVerdict::Blocking => "blocks",
    };
    let mut text = format!(
        "**{}** {verdict} {} in round {}.\n\n{}\n",
        review.agent,
        review.head.short(),
        record.round,
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
                said.standing.name(),
                unmarked(&one_line(known, 100))
            )
        })
        .collect();
    section(&mut text, "Prior unresolved item dispositions", &said);
    text.push_str(&signature(review.model.as_deref(), review.agent.as_str(), review.usage));
    text
}

fn new_items(review: &Review, standing: ItemStatus) -> Vec<String> {
    let of_this_kind = review.opened.iter().filter(|opened| opened.standing == standing);
    of_this_kind.map(item_line).collect()
}

fn item_line(opened: &OpenedItem) -> String {
    format!("`{}` {}", opened.id, unmarked(&opened.text))
}

/// A list. What an item says stays inside of it, a code block that it leaves open too.
pub(super) fn section(text: &mut String, heading: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    let _ = write!(text, "\n### {heading}\n\n");
    for line in lines {
        let _ = writeln!(text, "- {}", hanging(line, 2));
    }
}

fn answer_text(record: &Record, answer: &Answered, items: &[Item]) -> String {
    let change = if answer.head_before == answer.head_after {
        "leaves the head as it was".to_owned()
    } else {
        format!("changes {} to {}", answer.head_before.short(), answer.head_after.short())
    };
    let response = &answer.response;
    let summary = neutral(response.summary.as_str());
    let mut text = format!("**{}** {change} after round {}.\n\n{summary}\n", answer.agent, record.round);
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

fn tests_run(answer: &Answered) -> Vec<String> {
    let tests = answer.response.tests_run.iter().flatten();
    tests.map(|test| format!("`{}`", unmarked(test.as_str()))).collect()
}

fn gates_text(gates: &Gates) -> String {
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
    for opened in gates.opened.iter().chain(&gates.updated) {
        let _ = writeln!(text, "\nIt is `{}`.", opened.id);
    }
    for resolved in &gates.resolved {
        let _ = writeln!(text, "\n`{resolved}` is resolved.");
    }
    text
}

/// Output of programs as an indented block: nothing in it can end the block.
fn indented(text: &str) -> String {
    format!("    {}", hanging(&unmarked(text), 4))
}

/// A text whose lines are indented so far, but for the first and for empty ones. Markdown ends a line at a lone carriage
/// return too.
pub(super) fn hanging(text: &str, indent: usize) -> String {
    let lines = text.replace("\r\n", "\n");
    let mut lines = lines.split_terminator(['\n', '\r']);
    let mut out = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        out.push('\n');
        if !line.is_empty() {
            out.push_str(&" ".repeat(indent));
            out.push_str(line);
        }
    }
    out
}

fn concluded_text(concluded: &Concluded) -> String {
    let title = match &concluded.ending {
        Ending::Approved => "Approved".to_owned(),
        Ending::Merged { commit } => format!("Approved and merged as {}", commit.short()),
        Ending::ApprovedCiPending => "Approved; checks are not finished".to_owned(),
        Ending::Blocked { .. } => "Blocked".to_owned(),
        Ending::Failed { .. } => "Failed".to_owned(),
        Ending::Refused { .. } => "Refused".to_owned(),
        Ending::Parked { resets_at, .. } => format!("Parked until {resets_at}"),
        Ending::NeedsHuman { .. } => "A person must decide".to_owned(),
        Ending::Inconclusive => "Inconclusive".to_owned(),
        Ending::Interrupted => "Interrupted".to_owned(),
    };
    let message = format!("**{title}.** {}", unmarked(&concluded.message));
    let mut text = format!("{}\n", closed(&message));
    if !concluded.votes.is_empty() {
        text.push_str("\n| reviewer | vote | head |\n|---|---|---|\n");
        for vote in &concluded.votes {
            let _ = writeln!(text, "| {} | {} | {} |", vote.agent, vote.state.name(), vote.head.short());
        }
    }
    for measured in &concluded.gates {
        let _ = writeln!(
            text,
            "\nGate `{}`: {} on {}.",
            measured.gate,
            measured.verdict.name(),
            measured.head.short()
        );
    }
    let _ = write!(
        text,
        "\n<sub>{}, {}</sub>",
        count(u64::from(concluded.rounds), "round"),
        cost(concluded.usage)
    );
    text
}

fn cost(usage: Usage) -> String {
    let mut text = format!("{}, {} s of agents' time", count(usage.calls, "turn"), usage.milliseconds / 1000);
    if usage.tokens() > 0 {
        let _ = write!(text, ", {} tokens", usage.tokens());
    }
    text
}

fn signature(model: Option<&str>, agent: &str, usage: Usage) -> String {
    let model = model.map_or_else(String::new, |model| format!(" with {}", one_line(&unmarked(model), 60)));
    format!("\n<sub>{agent}{model}, {} s</sub>", usage.milliseconds / 1000)
}

/// So many of these, in words that fit the number.
pub fn count(number: u64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_that_opens_a_code_block_keeps_it_to_itself() {
        for item in ["`t` ```", "`t` see\n```rust\nfn x() {}", "`t` see\r~~~", "```\ncode\n```"] {
            let mut text = String::new();
            section(&mut text, "Items", &[item.to_owned(), "next".to_owned()]);
            let outside = format!("{text}\nmore");
            assert_eq!(closed(&outside), outside, "{item:?}");
        }
    }

    #[test]
    fn more_tokens_than_can_be_counted_are_still_told() {
        let usage = Usage { input_tokens: u64::MAX, output_tokens: 1, ..Usage::default() };
        assert_eq!(cost(usage), format!("0 turns, 0 s of agents' time, {} tokens", u64::MAX));
    }

    #[test]
    fn nothing_ends_an_indented_block() {
        let text = indented("one\r```\r\ntwo\n");
        assert_eq!(text, "    one\n    ```\n    two");
        assert_eq!(closed(&text), text);
    }
}
