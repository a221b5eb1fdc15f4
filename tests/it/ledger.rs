//! Properties of records in comments: a written record reads back, whatever text is above it, and nothing else does.

use agent_loop::domain::ids::{ItemId, Login};
use agent_loop::domain::item::OpenedItem;
use agent_loop::domain::item_status::{Disposition, ItemStatus};
use agent_loop::domain::subject::Subject;
use agent_loop::domain::usage::Usage;
use agent_loop::flow;
use agent_loop::flow::given::{Given, ReviewFindings};
use agent_loop::flow::names::REVIEW;
use agent_loop::flow::review::records::{ReviewEntry, ReviewRecord};
use agent_loop::ledger::body::Body;
use agent_loop::ledger::chain::{self, Chain};
use agent_loop::ledger::codec::{self, BODY_LIMIT, Content};
use agent_loop::ledger::envelope::Envelope;
use agent_loop::ledger::thread::{History, Posted, read};
use agent_loop::text::markdown::fitted;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use miniz_oxide::deflate::compress_to_vec;
use proptest::prelude::*;
use pulldown_cmark::{Event, Parser, Tag};

fn chain_of(number: u64) -> Chain {
    Chain { repository: "laws".to_owned(), flow: REVIEW, subject: format!("pr/{number}").parse().unwrap() }
}

/// Generates texts of agents: fences, markers, HTML, and ordinary words.
fn words() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-z ]{1,20}",
        "`{1,5}",
        "~{1,5}",
        Just("\n".to_owned()),
        Just("    ".to_owned()),
        Just("> ".to_owned()),
        Just("- ".to_owned()),
        Just("\r".to_owned()),
        Just("<pre>".to_owned()),
        Just("\n\n<script x\n".to_owned()),
        Just("\n<?".to_owned()),
        Just("\n<!D".to_owned()),
        Just("\n<![CDATA[".to_owned()),
        Just("<!-- AGENT_LOOP_META: v1.x -->".to_owned()),
        Just("-- Human Reviewer".to_owned()),
        "\\PC{1,8}",
    ];
    proptest::collection::vec(piece, 0..12)
        .prop_map(|pieces| pieces.concat())
        .prop_filter("says something", |text| !text.trim().is_empty())
}

fn record(summary: &str, findings: &[String], prev: agent_loop::domain::ids::ChainHash) -> Envelope {
    let answer = serde_json::json!({
        "schema_version": 1, "kind": "pr_review", "state": "blocking", "summary": summary,
        "blocking_items": findings, "prior_item_dispositions": [],
    });
    let opened = findings.iter().zip(1..).map(|(text, number)| OpenedItem {
        id: ItemId::numbered(number),
        status: ItemStatus::Blocking,
        text: text.clone(),
        key: None,
    });
    let review = ReviewRecord {
        head: "a".repeat(40).parse().unwrap(),
        response: serde_json::from_value(answer).unwrap(),
        findings: ReviewFindings {
            opened: opened.collect(),
            dispositions: vec![Disposition {
                item: ItemId::numbered(9),
                status: ItemStatus::Future,
                note: Some(summary.to_owned()),
            }],
            next_item: 10,
            requirements: vec!["hr-0123abcd".parse().unwrap()],
        },
        given: Given {
            agent: "codex".parse().unwrap(),
            normalisations: vec!["code fence removed".to_owned()],
            repairs: Vec::new(),
            usage: Usage { calls: 1, ..Usage::default() },
            model: Some(summary.to_owned()),
        },
    };
    Envelope {
        id: chain::record_id(&prev, "review", Some(&review.given.agent)),
        prev,
        run: "20260101-000000-0".parse().unwrap(),
        flow: REVIEW,
        subject: "pr/7".parse().unwrap(),
        round: 1,
        at: jiff::Timestamp::UNIX_EPOCH,
        tool: "agent-loop/laws".to_owned(),
        body: Body::of(&ReviewEntry::Review(Box::new(review))),
    }
}

/// Returns the sources of the blocks of a comment whose kind `is_wanted` accepts.
fn blocks(body: &str, is_wanted: impl Fn(&Tag<'_>) -> bool) -> Vec<&str> {
    let events = Parser::new(body).into_offset_iter();
    let wanted = events.filter(|(event, _)| matches!(event, Event::Start(tag) if is_wanted(tag)));
    wanted.map(|(_, range)| body[range].trim()).collect()
}

/// Returns the comment of a record as it is published.
fn body(record: &Envelope) -> Option<String> {
    let line = codec::line(record).unwrap();
    let room = codec::room(&line).ok()?;
    let subject: Subject = "pr/7".parse().unwrap();
    let visible = flow::begin(&REVIEW, &subject)?.comment(record).unwrap();
    Some(codec::body(&fitted(&visible, room), &line))
}

#[test]
fn only_canonical_json_is_a_record() {
    let record = record("s", &[], chain_of(7).start());
    let text = String::from_utf8(codec::canonical(&record).unwrap()).unwrap();
    let packed = |text: &str| URL_SAFE_NO_PAD.encode(compress_to_vec(text.as_bytes(), 9));
    let read = |version: &str, text: &str| {
        codec::read(&format!("<!-- AGENT_LOOP_META: {version}.{} -->", packed(text)))
    };
    assert!(matches!(read("v1", &text), Content::Record(_)));
    for other in [
        text.replacen('{', "{ ", 1),
        text.replacen(r#""round":"#, r#""round":9,"round":"#, 1),
        text.replacen(r#""state":"#, r#""state":"approved","state":"#, 1),
        text.replacen(r#""v":1"#, r#""v":1.0"#, 1),
        format!("{text}\n"),
    ] {
        assert_ne!(other, text);
        assert!(matches!(read("v1", &other), Content::Damaged(_)), "{other}");
    }
    assert!(matches!(read("v01", &text), Content::Damaged(_)));
}

proptest! {
    #[test]
    fn text_above_never_changes_records(summary in words(), findings in proptest::collection::vec(words(), 0..4)) {
        let record = record(&summary, &findings, chain_of(7).start());
        let body = body(&record).unwrap();
        prop_assert!(body.len() <= BODY_LIMIT);
        let Content::Record(decoded) = codec::read(&body) else { return Err(TestCaseError::fail(body)) };
        prop_assert_eq!(&*decoded.record, &record);
        prop_assert_eq!(chain::hash(&codec::canonical(&record).unwrap()), decoded.hash);
        let login: Login = "agent-loop".parse().unwrap();
        let posted = [Posted { id: "1", author: &login, body: &body, history: History::Unedited }];
        let reading = read(&chain_of(7), std::slice::from_ref(&login), &posted);
        prop_assert!(reading.records().all(|read| **read == record) && reading.records().count() == 1);
        prop_assert!(reading.ignored.is_empty());
    }

    #[test]
    fn text_above_never_hides_records(summary in words(), findings in proptest::collection::vec(words(), 1..4)) {
        let record = record(&summary, &findings, chain_of(7).start());
        let body = body(&record).unwrap();
        let headings = blocks(&body, |tag| matches!(tag, Tag::Heading { .. }));
        let html = blocks(&body, |tag| matches!(tag, Tag::HtmlBlock));
        for ours in ["### Blocking issues", "### Prior unresolved item dispositions"] {
            prop_assert!(headings.contains(&ours), "{headings:?}");
        }
        let line = codec::line(&record).unwrap();
        prop_assert_eq!(html.last().copied(), Some(line.trim()));
    }

    #[test]
    fn a_cut_comment_keeps_its_record(piece in words(), times in 1_usize..4_000) {
        let record = record("s", &[], chain_of(7).start());
        let line = codec::line(&record).unwrap();
        let visible = piece.repeat(times);
        let body = codec::body(&fitted(&visible, codec::room(&line).unwrap()), &line);
        prop_assert!(body.len() <= BODY_LIMIT, "{}", body.len());
        prop_assert!(matches!(codec::read(&body), Content::Record(_)), "{}", &body[body.len().saturating_sub(300)..]);
    }

    #[test]
    fn an_edited_record_breaks_the_chain(at in any::<prop::sample::Index>(), letter in "[A-Za-z0-9_-]") {
        let first = record("nothing is wrong with it", &["but this".to_owned()], chain_of(7).start());
        let hash = chain::hash(&codec::canonical(&first).unwrap());
        let line = codec::line(&first).unwrap();
        let packed = line.find("v1.").unwrap() + 3..line.len() - 4;
        let place = packed.start + at.index(packed.len());
        let mut touched = line.clone();
        touched.replace_range(place..=place, &letter);
        match codec::read(&touched) {
            // The last letter of base64 and the padding of deflate have unused bits.
            Content::Record(decoded) if *decoded.record == first => prop_assert_eq!(decoded.hash, hash),
            Content::Record(decoded) => prop_assert_ne!(decoded.hash, hash),
            Content::Damaged(_) => {}
            Content::NoRecord | Content::Newer(_) | Content::Quoted => prop_assert!(false, "{touched}"),
        }
    }
}
