//! Renders the visible part of each record of a review. It is never read back: the record has all data.

use std::fmt::Write;

use crate::domain::gate::{Measurement, Verdict};
use crate::domain::ids::GateName;
use crate::domain::item::Item;
use crate::domain::item_status::Scope;
use crate::domain::revision::RevisionKind;
use crate::protocol::text::Text;
use crate::text::markdown::{count, folded, folded_output, hanging, indented, section};
use crate::text::sanitize::{neutral, unmarked};

use super::super::comment::{concluded, participants, signature, word};
use super::super::followups::HandledFollowups;
use super::super::gates::{GatesRecord, Measured};
use super::super::machine::At;
use super::super::review_comment::{self, ShownReview, about};
use super::super::rounds::EarlierVotes;
use super::records::{AnswerRecord, FollowedUp, Opened, ReviewEntry, ReviewRecord};

/// Renders the visible part of a record. `items`, `measured` and `unmeasured` are those before the record.
pub(super) fn render(
    at: At<'_>,
    record: &ReviewEntry,
    items: &[Item],
    measured: &Measured,
    unmeasured: &[GateName],
) -> String {
    match record {
        ReviewEntry::Opened(opened) => opened_text(at, opened),
        ReviewEntry::Review(review) => review_text(at, review, items),
        ReviewEntry::Answer(answer) => answer_text(at, answer, items),
        ReviewEntry::Gates(gates) => gates_text(gates, measured),
        ReviewEntry::FollowedUp(record) => followups_text(record, items),
        ReviewEntry::Concluded(record) => concluded(record, RevisionKind::Commit, unmeasured),
    }
}

fn opened_text(at: At<'_>, opened: &Opened) -> String {
    let mut text = format!(
        "**agent-loop** reviews this pull request at `{}`: {}, at most {}.",
        opened.head.short(),
        participants(&opened.roster),
        count(opened.policy.max_rounds, "round")
    );
    if opened.votes == EarlierVotes::AskedAnew {
        text.push_str("\n\nRecords are missing from this thread, so every reviewer votes again.");
    }
    if let Some(plan) = &opened.plan {
        let _ =
            write!(text, " The change is checked against the plan `{}` of issue {}.", plan.hash, plan.issue);
    }
    let _ = write!(text, "\n\n<sub>run `{}`</sub>", at.run);
    text
}

fn review_text(at: At<'_>, review: &ReviewRecord, items: &[Item]) -> String {
    let parts = ShownReview {
        scope: Scope::PullRequest,
        verdict: review.response.state,
        revision: review.head.short(),
        round: at.round,
        summary: review.response.summary.as_str(),
        unreviewed: review.response.unreviewed.as_deref().unwrap_or_default(),
        findings: &review.findings,
        given: &review.given,
    };
    review_comment::review(parts, items)
}

fn answer_text(at: At<'_>, answer: &AnswerRecord, items: &[Item]) -> String {
    let head = answer.head_after.short();
    let (change, fixed, heading) = if answer.head_before == answer.head_after {
        (format!("made no change to `{head}`"), "said to be fixed already", "Said to be fixed already")
    } else {
        (format!("pushed `{head}`"), "fixed", "Fixed")
    };
    let response = &answer.response;
    let disputed = response.disputed_items.as_ref();
    let counts = [
        (response.addressed_items.len(), fixed),
        (disputed.map_or(0, Vec::len), "disputed"),
        (response.remaining_items.len(), "left open"),
    ];
    let mut text = format!("**{}** {change} · round {}", answer.given.agent, at.round);
    for (number, what) in counts.iter().filter(|(number, _)| *number > 0) {
        let _ = write!(text, " · {number} {what}");
    }
    let _ = writeln!(text, "\n\n{}", neutral(response.summary.as_str()));
    let lists = [
        (heading, Some(&response.addressed_items), &response.addressed_item_notes),
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
    text.push_str(&signature(answer.given.model.as_deref(), answer.given.usage));
    text
}

fn tests_run(answer: &AnswerRecord) -> Vec<String> {
    let tests = answer.response.tests_run.iter().flatten();
    tests.map(|test| format!("`{}`", unmarked(test.as_str()))).collect()
}

fn gates_text(gates: &GatesRecord, measured: &Measured) -> String {
    let mut text = String::new();
    for one in &gates.measurements {
        let mark = if one.verdict == Verdict::Pass { "✓" } else { "✗" };
        let (gate, verdict) = (&one.gate, word(one.verdict));
        let _ = write!(text, "**gate {gate}** {mark} {verdict} on `{}`", one.head.short());
        let is_one_line = !one.detail.is_empty() && !one.detail.contains('\n');
        // A measurement on this machine may be a reused one.
        if one.verdict == Verdict::Pass && one.tree.is_some() && is_one_line {
            let _ = write!(text, ": {}", unmarked(&one.detail));
        }
        text.push('\n');
        let says_more = one.findings.is_empty() || one.detail.contains('\n');
        if one.verdict != Verdict::Pass {
            if says_more && !one.detail.is_empty() {
                let _ = write!(text, "\n{}\n", indented(&one.detail));
            }
        } else if let Some((details, summary)) = one.detail.rsplit_once('\n') {
            let _ = write!(text, "\n{}\n{}", unmarked(summary), folded_output("Measurements", details));
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
    for one in &gates.measurements {
        reports_text(&mut text, one, measured.latest(&one.gate));
    }
    text
}

/// Renders the facts that reviewers judge, once for all heads with the same.
fn reports_text(text: &mut String, measured: &Measurement, earlier: Option<&Measurement>) {
    const HEADING: &str = "For the reviewers to judge";
    let reports: Vec<String> = measured.reports().map(|one| unmarked(&one.text)).collect();
    match earlier.filter(|earlier| !reports.is_empty() && earlier.reports().eq(measured.reports())) {
        Some(earlier) => {
            let _ = write!(text, "\n{HEADING}: the same as on `{}`.\n", earlier.head.short());
        }
        None => section(text, HEADING, &reports),
    }
}

fn followups_text(record: &FollowedUp, items: &[Item]) -> String {
    let handled = HandledFollowups { followups: record.followups.clone(), skipped: record.skipped };
    review_comment::followups(record.head.short(), &handled, items)
}
