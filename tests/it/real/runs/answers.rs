//! The answers of the models, in the strict format with all members.

use serde_json::{Value, json};

use crate::model::{Answer, Seen, ToolCall};

/// Returns the kind of answer that a prompt requests.
pub(super) fn kind(seen: &Seen) -> &'static str {
    let kinds =
        ["implementation", "coder_followup", "pr_review", "plan_state", "plan_review", "plan_decomposition"];
    let asks = |kind: &&str| seen.prompt.contains(&format!("\"const\": \"{kind}\""));
    kinds.into_iter().find(asks).unwrap_or_else(|| panic!("what is asked? {}", seen.prompt))
}

/// Returns the ids of the items in a prompt.
pub(super) fn items(seen: &Seen) -> Vec<String> {
    let words = seen.prompt.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-');
    let mut items: Vec<String> = words
        .filter(|word| word.strip_prefix("item-").is_some_and(|rest| rest.parse::<u32>().is_ok()))
        .map(str::to_owned)
        .collect();
    items.sort();
    items.dedup();
    items
}

/// Returns the coder's first answer.
pub(super) fn implemented() -> Answer {
    Answer::Structured(json!({
        "schema_version": 1, "kind": "implementation", "summary": "There are two herons now.",
        "pr_title": "Count the herons", "pr_body": "There are two.", "clarification": null,
        "human_requirements": null, "tests_run": null,
    }))
}

/// Returns the coder's answer to a review, with all items addressed.
pub(super) fn followed_up(items: &[String]) -> Answer {
    Answer::Structured(json!({
        "schema_version": 1, "kind": "coder_followup", "state": "approved", "summary": "They stand in the reeds.",
        "addressed_items": items, "remaining_items": [], "addressed_item_notes": null, "remaining_item_notes": null,
        "disputed_items": null, "dispute_evidence": null, "human_requirements": null, "tests_run": null,
    }))
}

/// Returns a review that resolves all known findings and adds new ones.
pub(super) fn reviewed(resolved: &[String], blocking: &[&str]) -> Answer {
    let state = if blocking.is_empty() { "approved" } else { "blocking" };
    let dispositions: Vec<Value> = resolved
        .iter()
        .map(|item| json!({"item_id": item, "disposition": "resolved", "note": null}))
        .collect();
    Answer::Structured(json!({
        "schema_version": 1, "kind": "pr_review", "nonce": "{{nonce}}", "state": state, "summary": "Looked at the herons.",
        "blocking_items": blocking, "prior_item_dispositions": dispositions, "same_pr_followups": null,
        "future_followups": null, "human_requirements_resolved": null, "coverage": null, "unreviewed": null,
    }))
}

/// Returns an answer that creates a file.
pub(super) fn writes(path: &str, text: &str, answer: Answer) -> Answer {
    Answer::Tools(vec![ToolCall::Write { path: path.to_owned(), text: text.to_owned() }], Box::new(answer))
}

/// Returns an answer after a shell command.
pub(super) fn runs(command: &str, answer: Answer) -> Answer {
    Answer::Tools(vec![ToolCall::Shell(command.to_owned())], Box::new(answer))
}
