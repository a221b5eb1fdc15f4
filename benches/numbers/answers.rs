//! What it costs to understand an answer: a usual review from its text to its comment, and answers at the limit.

use agent_loop::domain::agent::ResponseKind;
use agent_loop::domain::ids::{CommitSha, ItemId};
use agent_loop::domain::item::OpenedItem;
use agent_loop::domain::item_status::ItemStatus;
use agent_loop::domain::usage::Usage;
use agent_loop::flow::review::state::ReviewState;
use agent_loop::ledger::chain::{self, Chain};
use agent_loop::ledger::codec;
use agent_loop::ledger::payload::Review;
use agent_loop::ledger::record::{Flow, Payload, Record};
use agent_loop::protocol::answer::{self, Reading};
use agent_loop::protocol::envelope::{self, ANSWER_LIMIT};
use agent_loop::protocol::expectation::Expectation;
use agent_loop::protocol::kinds::pr_review::PrReview;
use agent_loop::protocol::raw_answer::RawAnswer;
use agent_loop::text::comment;
use serde_json::json;

use crate::measure::Limit::AtMost;
use crate::measure::{Number, median, milliseconds, timed};

/// Measures it.
pub(super) fn measure() -> Vec<Number> {
    vec![usual_review(), at_the_limit(&large_review(), "a 1 MiB review, read"), hostile()]
}

/// An answer of about 8 kB with twelve findings.
fn review_text() -> String {
    let finding = |number: usize| {
        format!("Finding {number}: `parse_{number}()` {}", "loses the last line. ".repeat(28))
    };
    json!({
        "schema_version": 1, "kind": "pr_review", "state": "blocking", "summary": "Read all of it.",
        "blocking_items": (0..12).map(finding).collect::<Vec<_>>(), "prior_item_dispositions": [],
    })
    .to_string()
}

fn usual_review() -> Number {
    let raw = RawAnswer::message(review_text());
    assert!((7_000..9_500).contains(&raw.most_trusted().len()), "{}", raw.most_trusted().len());
    let expectation = Expectation::bare(ResponseKind::PrReview);
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

/// The comment that a review becomes, after the state has taken it in.
fn published(reading: Reading<PrReview>) -> String {
    let head: CommitSha = "a".repeat(40).parse().expect("a commit");
    let opened: Vec<OpenedItem> = reading
        .meaning
        .findings
        .into_iter()
        .zip(1..)
        .map(|((standing, text), number)| OpenedItem { id: ItemId::numbered(number), standing, text })
        .collect();
    let review = Review {
        agent: "codex".parse().expect("a label"),
        head,
        response: reading.said,
        next_item: 13,
        opened,
        dispositions: reading.meaning.dispositions,
        requirements: Vec::new(),
        normalisations: reading.normalisations,
        repairs: Vec::new(),
        usage: Usage::default(),
        model: None,
    };
    let subject: agent_loop::domain::subject::Subject = "pr/7".parse().expect("a subject");
    let chain = Chain { repository: "bench".to_owned(), flow: Flow::Review, subject: subject.clone() };
    let prev = chain.start();
    let record = Record {
        id: chain::record_id(&prev, "review", Some(&review.agent)),
        prev,
        run: "20260101-000000-0".parse().expect("a run"),
        subject,
        round: 1,
        at: jiff::Timestamp::UNIX_EPOCH,
        tool: "agent-loop/bench".to_owned(),
        payload: Payload::Review(Box::new(review)),
    };
    let state = ReviewState::fold([&record]);
    assert!(state.items().iter().all(|item| item.standing == ItemStatus::Blocking));
    let line = codec::line(&record).expect("a line");
    let room = codec::room(&line).expect("room");
    codec::body(&comment::fitted(&comment::render(&record, &state.items()), room), &line)
}

fn large_review() -> String {
    let finding = "x".repeat(ANSWER_LIMIT / 64 - 64);
    json!({
        "schema_version": 1, "kind": "pr_review", "state": "blocking", "summary": "s",
        "blocking_items": (0..63).map(|number| format!("{number} {finding}")).collect::<Vec<_>>(),
        "prior_item_dispositions": [],
    })
    .to_string()
}

fn at_the_limit(text: &str, name: &'static str) -> Number {
    let raw = RawAnswer::message(text);
    let expectation = Expectation::bare(ResponseKind::PrReview);
    let mut values = Vec::new();
    for _ in 0..9 {
        let (took, reading) = timed(|| answer::read::<PrReview>(&raw, &expectation));
        assert!(reading.is_ok());
        values.push(milliseconds(took));
    }
    Number { name, value: median(values), limit: AtMost(100.0), unit: "ms" }
}

/// The worst of several texts of 1 MiB that try to make the reader work.
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
