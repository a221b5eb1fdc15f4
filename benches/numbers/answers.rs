//! Measures the reading of answers: a typical review from its text to its comment, and answers at the size limit.

use std::sync::Arc;

use agent_loop::domain::agent::ResponseKind;
use agent_loop::domain::ids::{CommitSha, ItemId};
use agent_loop::domain::item::OpenedItem;
use agent_loop::domain::item_status::ItemStatus;
use agent_loop::domain::usage::Usage;
use agent_loop::flow;
use agent_loop::flow::given::{Given, ReviewFindings};
use agent_loop::flow::names::REVIEW;
use agent_loop::flow::review::records::{ReviewEntry, ReviewRecord};
use agent_loop::ledger::body::Body;
use agent_loop::ledger::chain::{self, Chain};
use agent_loop::ledger::codec;
use agent_loop::ledger::envelope::Envelope;
use agent_loop::ledger::thread::Link;
use agent_loop::protocol::answer::{self, Reading};
use agent_loop::protocol::envelope::{self, ANSWER_LIMIT};
use agent_loop::protocol::expectation::{Expectation, Voter};
use agent_loop::protocol::kinds::pr_review::PrReview;
use agent_loop::protocol::raw_answer::RawAnswer;
use agent_loop::text::markdown::fitted;
use serde_json::json;

use crate::measure::Limit::AtMost;
use crate::measure::{Number, median, milliseconds, timed};

pub(super) fn measure() -> Vec<Number> {
    vec![usual_review(), at_the_limit(&large_review(), "a 1 MiB review, read"), hostile()]
}

/// Returns what the reviews are measured against.
fn expectation() -> Expectation {
    let voter = Voter { label: "rev".parse().expect("a label"), nonce: "k3v9q2mt7x".into() };
    Expectation::vote(ResponseKind::PrReview, voter)
}

/// Returns an answer of about 8 kB with twelve findings.
fn review_text() -> String {
    let finding = |number: usize| {
        format!("Finding {number}: `parse_{number}()` {}", "loses the last line. ".repeat(28))
    };
    json!({
        "schema_version": 1, "kind": "pr_review", "nonce": "k3v9q2mt7x", "state": "blocking", "summary": "Read all of it.",
        "blocking_items": (0..12).map(finding).collect::<Vec<_>>(), "prior_item_dispositions": [],
    })
    .to_string()
}

fn usual_review() -> Number {
    let raw = RawAnswer::message(review_text());
    assert!((7_000..9_500).contains(&raw.most_trusted().len()), "{}", raw.most_trusted().len());
    let expectation = expectation();
    let mut values = Vec::new();
    for _ in 0..200 {
        let (took, body) = timed(|| {
            let reading = answer::read::<PrReview>(&raw, &expectation).expect("a valid answer");
            published(reading)
        });
        assert!(body.contains("Finding 11"));
        values.push(milliseconds(took));
    }
    Number {
        name: "validate, fold and render a review of 8 kB",
        value: median(values),
        limit: AtMost(1.0),
        unit: "ms",
    }
}

/// Returns the comment of a review, after its record was added to the state.
fn published(reading: Reading<PrReview>) -> String {
    let head: CommitSha = "a".repeat(40).parse().expect("a commit");
    let opened: Vec<OpenedItem> = reading
        .meaning
        .findings
        .into_iter()
        .zip(1..)
        .map(|((status, text), number)| OpenedItem { id: ItemId::numbered(number), status, text, key: None })
        .collect();
    let review = ReviewRecord {
        head,
        response: reading.said,
        findings: ReviewFindings {
            next_item: 13,
            opened,
            dispositions: reading.meaning.dispositions,
            requirements: Vec::new(),
        },
        given: Given {
            agent: "codex".parse().expect("a label"),
            normalisations: reading.normalisations,
            repairs: Vec::new(),
            usage: Usage::default(),
            model: None,
        },
    };
    let subject: agent_loop::domain::subject::Subject = "pr/7".parse().expect("a subject");
    let chain = Chain { repository: "bench".to_owned(), flow: REVIEW, subject: subject.clone() };
    let prev = chain.start();
    let record = Envelope {
        id: chain::record_id(&prev, "review", Some(&review.given.agent)),
        prev,
        run: "20260101-000000-0".parse().expect("a run"),
        flow: REVIEW,
        subject: subject.clone(),
        round: 1,
        at: jiff::Timestamp::UNIX_EPOCH,
        tool: "agent-loop/bench".to_owned(),
        body: Body::of(&ReviewEntry::Review(Box::new(review))),
    };
    let mut machine = flow::begin(&REVIEW, &subject).expect("a review");
    machine.apply(&Link::Record(Arc::new(opened_first(&record)))).expect("a run");
    machine.apply(&Link::Record(Arc::new(record.clone()))).expect("a record of ours");
    assert!(machine.view().items.iter().all(|item| item.status == ItemStatus::Blocking));
    let line = codec::line(&record).expect("a line");
    let room = codec::room(&line).expect("room");
    codec::body(&fitted(&machine.comment(&record).expect("a comment"), room), &line)
}

/// Returns the record that opens a run.
fn opened_first(review: &Envelope) -> Envelope {
    let seat = |label: &str| json!({ "label": label, "backend": "command" });
    let opened = json!({
        "base_ref": "main", "head": "a".repeat(40), "votes": "stand",
        "roster": { "coder": seat("sam"), "reviewers": [seat("codex")] },
        "policy": { "max_rounds": 10, "required_gates": [], "test_timing": "before-approval",
            "on_reviewer_failure": "stop", "after_approval": "leave" },
    });
    let opened = ReviewEntry::Opened(serde_json::from_value(opened).expect("the opening record"));
    Envelope { body: Body::of(&opened), ..review.clone() }
}

fn large_review() -> String {
    let finding = "x".repeat(ANSWER_LIMIT / 64 - 64);
    json!({
        "schema_version": 1, "kind": "pr_review", "nonce": "k3v9q2mt7x", "state": "blocking", "summary": "s",
        "blocking_items": (0..63).map(|number| format!("{number} {finding}")).collect::<Vec<_>>(),
        "prior_item_dispositions": [],
    })
    .to_string()
}

fn at_the_limit(text: &str, name: &'static str) -> Number {
    let raw = RawAnswer::message(text);
    let expectation = expectation();
    let mut values = Vec::new();
    for _ in 0..9 {
        let (took, reading) = timed(|| answer::read::<PrReview>(&raw, &expectation));
        assert!(reading.is_ok());
        values.push(milliseconds(took));
    }
    Number { name, value: median(values), limit: AtMost(100.0), unit: "ms" }
}

/// Measures the slowest of several texts of 1 MiB that are expensive to read.
fn hostile() -> Number {
    let fill = |piece: &str| piece.repeat(ANSWER_LIMIT / piece.len());
    let texts = [
        fill("{"),
        fill("{\"a\":"),
        fill("{\"a\":["),
        fill("{\"kind\":"),
        fill("{}\n"),
        fill("\"kind\" {"),
        fill("```\n"),
        fill("{\"a\":\"b\",}"),
        format!("{{\"kind\":\"pr_review\",\"a\":\"{}", fill("\n").split_at(ANSWER_LIMIT / 2).0),
    ];
    let mut worst: f64 = 0.0;
    for text in &texts {
        let (took, opened) = timed(|| envelope::open(text));
        assert!(opened.is_err());
        worst = worst.max(milliseconds(took));
    }
    Number {
        name: "the worst of nine hostile answers of 1 MiB, refused",
        value: worst,
        limit: AtMost(1_000.0),
        unit: "ms",
    }
}
