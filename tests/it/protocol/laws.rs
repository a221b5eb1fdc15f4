//! Properties of reading: reading twice changes nothing, and the order of less trusted texts is irrelevant.

use std::collections::BTreeSet;
use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value, json};

use agent_loop::domain::agent::ResponseKind;
use agent_loop::domain::ids::ItemId;
use agent_loop::domain::item_status::ItemStatus;
use agent_loop::protocol::answer::{self, Reading};
use agent_loop::protocol::comparison::normalised;
use agent_loop::protocol::expectation::{Expectation, Owner, ShownItem};
use agent_loop::protocol::kinds::pr_review::PrReview;
use agent_loop::protocol::raw_answer::RawAnswer;

use super::cases;
use super::corpus::ROOT;

fn expectation() -> Expectation {
    let shown = |number, status| ShownItem { id: ItemId::numbered(number), status, owner: Owner::Reviewer };
    let shown =
        vec![shown(1, ItemStatus::Blocking), shown(2, ItemStatus::SamePr), shown(3, ItemStatus::Future)];
    Expectation { shown, ..Expectation::vote(ResponseKind::PrReview, cases::voter()) }
}

/// Generates similar findings, so that many of them are equal.
fn findings() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec("[-*]{0,1} ?[aAbB]{1,2}( [cC]){0,1}[.!]{0,1}", 0..5)
}

fn disposition(number: u32) -> impl Strategy<Value = Value> {
    let words = prop::sample::select(vec!["resolved", "blocking", "same-pr", "future"]);
    let note = prop::option::of("\\PC{1,20}");
    (words, note).prop_map(
        move |(word, note)| json!({"item_id": format!("item-{number}"), "disposition": word, "note": note}),
    )
}

fn review() -> impl Strategy<Value = Value> {
    let lists = (findings(), findings(), findings());
    let words = (disposition(1), disposition(2), disposition(3));
    let made_up = prop::option::of(disposition(9));
    (lists, words, made_up, "\\PC{1,20}").prop_map(|((blocking, same, future), words, made_up, summary)| {
        let words: Vec<Value> = [words.0, words.1, words.2].into_iter().chain(made_up).collect();
        let is_open = |word: &Value| {
            word["item_id"] != "item-9"
                && ["blocking", "same-pr"].contains(&word["disposition"].as_str().unwrap())
        };
        let is_blocking = !blocking.is_empty() || !same.is_empty() || words.iter().any(is_open);
        json!({
            "schema_version": 1, "kind": "pr_review", "nonce": "k3v9q2mt7x", "summary": summary,
            "state": if is_blocking { "blocking" } else { "approved" },
            "blocking_items": blocking, "same_pr_followups": same, "future_followups": future,
            "prior_item_dispositions": words,
        })
    })
}

fn read(review: &Value) -> Option<Reading<PrReview>> {
    answer::read(&RawAnswer::message(review.to_string()), &expectation()).ok()
}

fn of(findings: &[(ItemStatus, String)], status: ItemStatus) -> Vec<&String> {
    findings.iter().filter(|(found, _)| *found == status).map(|(_, text)| text).collect()
}

proptest! {
    #[test]
    fn reading_twice_changes_nothing(review in review()) {
        if let Some(first) = read(&review) {
            let again = read(&serde_json::to_value(&first.said).unwrap()).unwrap();
            prop_assert_eq!(again.said, first.said);
            prop_assert_eq!(again.meaning, first.meaning);
        }
    }

    #[test]
    fn duplicate_findings_are_merged(review in review()) {
        if let Some(reading) = read(&review) {
            let mut seen = BTreeSet::new();
            let lists = [("blocking_items", ItemStatus::Blocking), ("same_pr_followups", ItemStatus::SamePr), ("future_followups", ItemStatus::Future)];
            let all = lists.iter().flat_map(|(list, status)| {
                review[*list].as_array().unwrap().iter().map(|text| (*status, text.as_str().unwrap().trim().to_owned()))
            });
            let first: Vec<(ItemStatus, String)> = all.filter(|(_, text)| seen.insert(normalised(text))).collect();
            prop_assert_eq!(reading.meaning.findings, first);
        }
    }

    #[test]
    fn deduplicating_twice_changes_nothing(review in review()) {
        if let Some(reading) = read(&review) {
            let found = &reading.meaning.findings;
            let mut once = review.clone();
            once["blocking_items"] = json!(of(found, ItemStatus::Blocking));
            once["same_pr_followups"] = json!(of(found, ItemStatus::SamePr));
            once["future_followups"] = json!(of(found, ItemStatus::Future));
            prop_assert_eq!(&read(&once).unwrap().meaning, &reading.meaning);
        }
    }

    #[test]
    fn order_of_dispositions_is_irrelevant(review in review(), turn in 0_usize..4) {
        let mut turned = review.clone();
        let words = turned["prior_item_dispositions"].as_array_mut().unwrap();
        let middle = turn % words.len();
        words.rotate_left(middle);
        let sorted = |reading: Reading<PrReview>| {
            let mut dispositions = reading.meaning.dispositions;
            dispositions.sort_by(|one, other| one.item.cmp(&other.item));
            (reading.meaning.findings, dispositions)
        };
        prop_assert_eq!(read(&turned).map(sorted), read(&review).map(sorted));
    }
}

#[test]
fn named_answers_survive_a_second_reading() {
    for answers in cases::answers(Path::new(ROOT)) {
        for (name, answer) in &answers.named {
            let read = |value: &Value| {
                answer::understand(&RawAnswer::message(value.to_string()), &answers.expectation).unwrap()
            };
            let first = read(answer);
            let again = read(&first.object);
            assert_eq!(
                (&again.object, again.verdict),
                (&first.object, first.verdict),
                "{} {name}",
                answers.kind
            );
        }
    }
}

#[test]
fn order_of_lesser_streams_is_irrelevant() {
    for answers in cases::answers(Path::new(ROOT)) {
        let mut texts: Vec<String> = answers.named.values().map(Value::to_string).collect();
        texts.extend(texts.clone().iter().map(|text| text.replace("schema", "version")));
        texts.extend(["", "done", "state: blocking", "{}"].map(str::to_owned));
        for (index, one) in texts.iter().enumerate() {
            for other in &texts[index..] {
                let read = |file: &str, message: &str| {
                    let native = Some("I wrote it down.".to_owned());
                    let raw =
                        RawAnswer { native, file: Some(file.to_owned()), message: Some(message.to_owned()) };
                    answer::understand(&raw, &answers.expectation).ok().map(|understood| understood.object)
                };
                assert_eq!(read(one, other), read(other, one), "{}: {one} and {other}", answers.kind);
            }
        }
    }
}
