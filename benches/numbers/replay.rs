//! Measures the reading of a long thread, from its comments to the state of the review.

use agent_loop::domain::subject::Subject;
use agent_loop::engine::thread;
use agent_loop::flow;
use agent_loop::flow::names::REVIEW;
use agent_loop::flow::review::records::ReviewEntry;
use agent_loop::ledger::body::Body;
use agent_loop::ledger::chain::{self, Chain};
use agent_loop::ledger::codec;
use agent_loop::ledger::envelope::Envelope;
use agent_loop::ports::forge::{AuthorRole, Comment};
use jiff::Timestamp;
use serde_json::json;

use super::measure::Limit::AtMost;
use super::measure::{Number, median, milliseconds, timed};

const COMMENTS: usize = 5_000;
const RECORDS: usize = 1_200;
const BYTES: usize = 2_000;

pub(super) fn measure() -> Vec<Number> {
    let chain = Chain {
        repository: "repository".to_owned(),
        flow: REVIEW,
        subject: "pr/7".parse().expect("a subject"),
    };
    let thread = thread(&chain);
    let ours: [agent_loop::domain::ids::Login; 1] = ["agent-loop".parse().expect("a login")];
    let mut values = Vec::new();
    for _ in 0..9 {
        let (took, state) = timed(|| {
            let reading = thread::decoded(&thread).chain(&chain, &ours);
            assert_eq!((reading.records().count(), reading.ignored.len()), (RECORDS, 0));
            let mut machine = flow::begin(&chain.flow, &chain.subject).expect("a review");
            for link in &reading.links {
                machine.apply(link).expect("a record of ours");
            }
            machine
        });
        assert!(state.run().is_some());
        values.push(milliseconds(took));
    }
    vec![Number {
        name: "replay of 5,000 comments, 1,200 of them records",
        value: median(values),
        limit: AtMost(150.0),
        unit: "ms",
    }]
}

fn thread(chain: &Chain) -> Vec<Comment> {
    let mut tail = chain.start();
    let mut written = 0;
    let comments = (0..COMMENTS).map(|index| {
        let is_record = index * RECORDS / COMMENTS >= written && written < RECORDS;
        let body = if is_record {
            let record = record(&tail, written, &chain.subject);
            tail = chain::hash(&codec::canonical(&record).expect("a record"));
            written += 1;
            padded(&codec::body("visible", &codec::line(&record).expect("a line")), index)
        } else {
            padded("", index)
        };
        comment(index, is_record, body)
    });
    comments.collect()
}

/// Returns a body of about two kilobytes, whose last line is the record.
fn padded(body: &str, index: usize) -> String {
    let words = format!("A person says something of some length, number {index}. ");
    let filler: String = words.chars().cycle().take(BYTES.saturating_sub(body.len())).collect();
    format!("{filler}\n\n{body}")
}

fn comment(index: usize, is_record: bool, body: String) -> Comment {
    let at =
        Timestamp::from_second(1_700_000_000 + i64::try_from(index).unwrap_or_default()).expect("an instant");
    Comment {
        id: index.to_string(),
        author: if is_record { "agent-loop" } else { "ada" }.parse().expect("a login"),
        role: AuthorRole::Member,
        body: body.into(),
        created_at: at,
        updated_at: at,
    }
}

fn record(tail: &agent_loop::domain::ids::ChainHash, number: usize, subject: &Subject) -> Envelope {
    let body = Body::of(&if number == 0 { opened() } else { review(number) });
    Envelope {
        id: chain::record_id(tail, body.kind(), body.agent()),
        prev: tail.clone(),
        run: "run-1".parse().expect("a run"),
        flow: REVIEW,
        subject: subject.clone(),
        round: u32::try_from(number / 2).unwrap_or_default() + 1,
        at: Timestamp::UNIX_EPOCH,
        tool: "agent-loop/bench".to_owned(),
        body,
    }
}

fn head() -> String {
    "1".repeat(40)
}

fn opened() -> ReviewEntry {
    let seat = |label: &str| json!({ "label": label, "backend": "command" });
    let opened = json!({
        "base_ref": "main", "head": head(),
        "roster": { "coder": seat("sam"), "reviewers": [seat("one"), seat("two")] },
        "policy": { "max_rounds": 1000, "required_gates": [], "test_timing": "before-approval",
            "on_reviewer_failure": "stop", "after_approval": "leave" },
        "votes": "stand",
    });
    ReviewEntry::Opened(serde_json::from_value(opened).expect("the opening record"))
}

/// Returns a review with a page of text and two findings.
fn review(number: usize) -> ReviewEntry {
    let text = |word: &str| {
        format!("{word} {number}: the second branch is taken when the list is empty. ").repeat(3)
    };
    let id = |offset: usize| format!("item-{}", 2 * number + offset);
    let item = |offset: usize| json!({ "id": id(offset), "standing": "blocking", "text": text("finding") });
    let review = json!({
        "agent": if number.is_multiple_of(2) { "one" } else { "two" }, "head": head(),
        "response": { "schema_version": 1, "kind": "pr_review", "state": "blocking", "summary": text("summary"),
            "blocking_items": [text("finding"), text("finding again")], "prior_item_dispositions": [] },
        "opened": [item(0), item(1)], "dispositions": [], "next_item": 2 * number + 2, "normalisations": [],
        "usage": { "calls": 1, "input_tokens": 1000, "output_tokens": 100, "micro_usd": 0, "milliseconds": 1000 },
    });
    ReviewEntry::Review(serde_json::from_value(review).expect("a review"))
}
