//! The cast of the stories: coders and reviewers as functions of their prompts, and the JSON of their answers.

use std::sync::Arc;

use crate::world::{Agent, Reaction, Tree};
use agent_loop::domain::agent::ResponseKind;
use agent_loop::domain::failure::TurnFailure;
use agent_loop::domain::nonce::Nonce;
use agent_loop::ports::agents::TurnOrder;
use serde_json::{Value, json};

/// The only file of the stories.
pub(super) const FILE: &str = "code";

pub(super) fn agent(turn: impl Fn(&TurnOrder, &mut Tree) -> Reaction + Send + Sync + 'static) -> Agent {
    Arc::new(turn)
}

/// A coder that first writes a bug, then fixes every item.
pub(super) fn honest_coder() -> Agent {
    implements_and(|order, tree| {
        tree.insert(FILE.to_owned(), "new and good".to_owned());
        Reaction::Says(addresses_all(order))
    })
}

/// A coder that implements with a bug, and answers reviews in this way.
pub(super) fn implements_and(
    answer: impl Fn(&TurnOrder, &mut Tree) -> Reaction + Send + Sync + 'static,
) -> Agent {
    agent(move |order, tree| {
        if order.kind != ResponseKind::Implementation {
            return answer(order, tree);
        }
        tree.insert(FILE.to_owned(), "new with a bug".to_owned());
        Reaction::Says(implementation(order))
    })
}

/// A reviewer that blocks while the file contains a word, and then resolves everything.
pub(super) fn blocks_while(word: &'static str) -> Agent {
    agent(move |order, tree| {
        let bad = tree.get(FILE).is_some_and(|text| text.contains(word));
        Reaction::Says(if bad { blocks(order, &format!("there is a {word}")) } else { approves(order) })
    })
}

pub(super) fn always_approves() -> Agent {
    agent(|order, _| Reaction::Says(approves(order)))
}

pub(super) fn always_says(text: &'static str) -> Agent {
    agent(move |_, _| Reaction::Says(text.to_owned()))
}

pub(super) fn always_fails(failure: &TurnFailure) -> Agent {
    let failure = failure.clone();
    agent(move |_, _| Reaction::Fails(failure.clone()))
}

pub(super) fn implementation(order: &TurnOrder) -> String {
    json!({
        "schema_version": 1, "kind": "implementation", "summary": "did it",
        "pr_title": "Do it", "pr_body": "It was to be done.",
        "human_requirements": acknowledged(order),
    })
    .to_string()
}

/// Returns the ids of the requirements in a prompt.
pub(super) fn required(order: &TurnOrder) -> Vec<String> {
    order.context.requirements.iter().map(|requirement| requirement.id.clone()).collect()
}

/// Returns the ids of the items in a prompt that need a disposition.
fn shown(order: &TurnOrder) -> Vec<String> {
    let items = order.context.items.iter().filter(|item| !item.reviewer.starts_with("gate-"));
    items.map(|item| item.id.clone()).collect()
}

fn review(order: &TurnOrder, state: &str, said: &str, new: &[&str]) -> String {
    let dispositions: Vec<Value> =
        shown(order).into_iter().map(|id| json!({ "item_id": id, "disposition": said })).collect();
    json!({
        "schema_version": 1, "kind": "pr_review", "nonce": order.nonce.as_ref().map(Nonce::as_str),
        "state": state, "summary": "looked",
        "blocking_items": new, "prior_item_dispositions": dispositions,
        "human_requirements_resolved": required(order),
    })
    .to_string()
}

pub(super) fn approves(order: &TurnOrder) -> String {
    review(order, "approved", "resolved", &[])
}

/// A reviewer that approves with these follow-ups: new ones as findings, known ones unchanged.
pub(super) fn leaves_for_later(texts: &'static [&'static str]) -> Agent {
    agent(move |order, _| {
        let known = |text: &&&str| order.context.items.iter().any(|item| item.text == **text);
        let new: Vec<&&str> = texts.iter().filter(|text| !known(text)).collect();
        let mut said: Value = serde_json::from_str(&review(order, "approved", "resolved", &[])).unwrap();
        let later = |id: &Value| {
            let item = order.context.items.iter().find(|item| *id == item.id.as_str());
            item.is_some_and(|item| item.status == "future")
        };
        for disposition in said["prior_item_dispositions"].as_array_mut().unwrap() {
            if later(&disposition["item_id"]) {
                disposition["disposition"] = json!("future");
            }
        }
        said["future_followups"] = json!(new);
        Reaction::Says(said.to_string())
    })
}

/// A reviewer that raises a finding once, and keeps it open.
pub(super) fn blocks(order: &TurnOrder, text: &str) -> String {
    let known = order.context.items.iter().any(|item| item.text == text);
    review(order, "blocking", "blocking", if known { &[] } else { std::slice::from_ref(&text) })
}

pub(super) fn addresses_all(order: &TurnOrder) -> String {
    let ids: Vec<&String> = order.context.items.iter().map(|item| &item.id).collect();
    followup(order, &json!({ "addressed_items": ids, "remaining_items": [] }))
}

pub(super) fn leaves_all(order: &TurnOrder) -> String {
    let ids: Vec<&String> = order.context.items.iter().map(|item| &item.id).collect();
    followup(order, &json!({ "addressed_items": [], "remaining_items": ids }))
}

pub(super) fn disputes_all(order: &TurnOrder) -> String {
    let ids = shown(order);
    let evidence: serde_json::Map<String, Value> =
        ids.iter().map(|id| (id.clone(), json!("it is meant to be so"))).collect();
    let lists = json!({
        "addressed_items": [], "remaining_items": [], "disputed_items": ids, "dispute_evidence": evidence,
    });
    followup(order, &lists)
}

/// Returns a coder's acknowledgements of the requirements in a prompt.
fn acknowledged(order: &TurnOrder) -> Value {
    json!({ "addressed_ids": required(order), "checked_discussion_directly": true })
}

fn followup(order: &TurnOrder, lists: &Value) -> String {
    let mut answer = json!({
        "schema_version": 1, "kind": "coder_followup", "state": "approved", "summary": "went over it",
        "human_requirements": acknowledged(order),
    });
    for (key, value) in lists.as_object().unwrap() {
        answer[key] = value.clone();
    }
    answer.to_string()
}
