//! The rules that distinguish a vote from a quotation: a vote returns the nonce of its question, and an approving vote stands
//! alone. No rule depends on the meaning of words.

use serde_json::Value;

use crate::domain::agent::ResponseKind;
use crate::domain::vendors::Vendor;

use super::envelope::{self, Beside, OpenedAnswer};
use super::expectation::{Complaint, Expectation, Voter};
use super::kinds::discuss_review::DebateOutcome;
use super::raw_answer::{RawAnswer, Stream};
use super::schema;
use super::text::ReviewVerdict;

/// Returns the first text beside an object that does not belong to the form of an answer.
fn in_the_way<'text>(voter: &Voter, beside: &'text Beside) -> Option<&'text str> {
    let is_known = |name: &str| name == voter.label.as_str() || Vendor::is_public_name(name);
    let unknown = beside.signature.as_deref().filter(|name| !is_known(name));
    beside.first.as_deref().or(unknown)
}

fn holds_nonce(voter: &Voter, answer: &Value) -> bool {
    answer.get("nonce").and_then(Value::as_str).map(str::trim) == Some(voter.nonce.as_str())
}

/// Returns whether a text contains a vote of this voter with another verdict, even a damaged one.
fn votes_otherwise(voter: &Voter, text: &str, verdict: Option<&str>) -> bool {
    if !text.contains(voter.nonce.as_str()) {
        return false;
    }
    let is_another = |answer: &Value| holds_nonce(voter, answer) && envelope::verdict(answer) != verdict;
    envelope::answers_in(text)
        .map_or_else(|_| quotes_nonce(voter, text), |answers| answers.iter().any(is_another))
}

fn quotes_nonce(voter: &Voter, text: &str) -> bool {
    text.contains(&format!("\"{}\"", voter.nonce.as_str()))
}

fn approves(answer: &Value) -> bool {
    [ReviewVerdict::Approved.name(), DebateOutcome::Implement.name()]
        .map(Some)
        .contains(&envelope::verdict(answer))
}

/// Returns the complaints about an answer as a vote; none for kinds that are not votes.
pub(super) fn complaints(opened: &OpenedAnswer, expectation: &Expectation) -> Vec<Complaint> {
    if !expectation.kind.is_vote() {
        return Vec::new();
    }
    let Some(voter) = &expectation.voter else {
        return vec![Complaint::new("", "no vote, since none was asked for", "a vote")];
    };
    let mut complaints = Vec::new();
    // A missing nonce violates the schema.
    if let Some(found) = opened.object.get("nonce").filter(|_| !holds_nonce(voter, &opened.object)) {
        complaints.push(Complaint::new("/nonce", "the nonce of this question", found.to_string()));
    }
    if approves(&opened.object) {
        if let Some(text) = in_the_way(voter, &opened.beside) {
            complaints.push(not_alone(&format!("“{text}” beside it")));
        }
        if votes_otherwise(voter, &opened.preamble, envelope::verdict(&opened.object)) {
            complaints.push(not_alone("another vote before the announcing line"));
        }
    }
    complaints
}

fn not_alone(found: &str) -> Complaint {
    Complaint::new("", "an approving answer that stands alone", found)
}

/// Returns the complaint about an approving answer that a less trusted text contradicts. The prose of a stream does not count
/// against structured output.
pub(super) fn contradicted(raw: &RawAnswer, answer: &Value, expectation: &Expectation) -> Option<Complaint> {
    let voter = expectation.voter.as_ref().filter(|_| is_approval(answer, expectation))?;
    let verdict = envelope::verdict(answer);
    let (first, _) = raw.streams().next().filter(|(first, _)| *first != Stream::Native)?;
    let mut lesser = raw.streams().filter(|(stream, _)| *stream != first);
    lesser
        .find(|(_, text)| votes_otherwise(voter, text, verdict))
        .map(|(stream, _)| not_alone(&format!("another vote in the {}", stream.name())))
}

/// Returns whether an answer is a vote that approves.
pub(super) fn is_approval(answer: &Value, expectation: &Expectation) -> bool {
    expectation.kind.is_vote() && approves(answer)
}

/// Returns whether another agent may reformat a malformed answer. A vote must have its nonce, and an approval must be plain;
/// only the voter can correct anything else.
pub fn may_be_put_into_form(raw: &RawAnswer, expectation: &Expectation) -> bool {
    let Some(voter) = expectation.voter.as_ref().filter(|_| expectation.kind.is_vote()) else { return true };
    let source = raw.most_trusted();
    match envelope::open(source) {
        Ok(opened) if approves(&opened.object) => approves_plainly(source, expectation),
        Ok(opened) => holds_nonce(voter, &opened.object),
        Err(_) => {
            let approving = [ReviewVerdict::Approved.name(), DebateOutcome::Implement.name()];
            quotes_nonce(voter, source) && !approving.iter().any(|verdict| source.contains(verdict))
        }
    }
}

/// Returns whether a malformed vote approves, stands alone, and contains no sign of an open finding.
pub(super) fn approves_plainly(source: &str, expectation: &Expectation) -> bool {
    let Some(voter) = &expectation.voter else { return false };
    envelope::open(source).is_ok_and(|opened| {
        approves(&opened.object)
            && holds_nonce(voter, &opened.object)
            && complaints(&opened, expectation).is_empty()
            && leaves_nothing_open(expectation.kind, &opened.object)
    })
}

/// Returns whether an answer names nothing to fix or unreviewed, and its unknown members are only numbers and text.
fn leaves_nothing_open(kind: ResponseKind, answer: &Value) -> bool {
    let is_empty = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
    let known = schema::without_unknown_keys(kind, answer.clone());
    let open =
        ["blocking_items", "same_pr_followups", "blocking_plan_issues", "same_plan_followups", "unreviewed"];
    let dispositions = ["prior_item_dispositions", "prior_plan_item_dispositions"];
    let lifts = |entry: &Value| {
        matches!(entry.get("disposition").and_then(Value::as_str), Some("resolved" | "future"))
    };
    let all_lift = |list: &Value| list.as_array().is_none_or(|entries| entries.iter().all(lifts));
    let members = answer.as_object().into_iter().flatten();
    let mut unknown = members.filter(|(name, _)| known.get(name.as_str()).is_none());
    open.iter().filter_map(|list| answer.get(*list)).all(is_empty)
        && dispositions.iter().filter_map(|list| answer.get(*list)).all(all_lift)
        && unknown.all(|(_, value)| value.is_number() || value.is_string())
}
