//! The dialect of Claude Code: Anthropic Messages.

use serde_json::{Value, json};

use super::request::{Told, list, texts};
use super::scenario::{ToolCall, Window};
use super::wire::{Event, Refusal, Said, fresh, shell};

/// The tool of Claude Code for structured answers.
pub(super) const STRUCTURED: &str = "StructuredOutput";

pub(super) fn told(body: &Value) -> Told {
    let mut told = Told::default();
    for message in list(&body["messages"]).iter().filter(|message| message["role"] == "user") {
        let results: Vec<String> = list(&message["content"])
            .iter()
            .filter(|block| block["type"] == "tool_result")
            .map(|block| texts(&block["content"]))
            .collect();
        if results.is_empty() {
            told.user(texts(&message["content"]));
        }
        told.results.extend(results);
    }
    told.tools =
        list(&body["tools"]).iter().filter_map(|tool| tool["name"].as_str().map(str::to_owned)).collect();
    told
}

/// The tools for this action, the best first.
pub(super) fn uses(call: &ToolCall) -> Vec<(&'static str, Value)> {
    let bash = ("Bash", json!({"command": shell(call), "description": "work"}));
    match call {
        ToolCall::Write { path, text } => vec![("Write", json!({"file_path": path, "content": text})), bash],
        ToolCall::Shell(_) => vec![bash],
    }
}

fn block(said: &Said) -> (Value, &'static str) {
    match said {
        Said::Text(text) => (json!({"type": "text", "text": text}), "end_turn"),
        Said::Call { name, arguments } => {
            (json!({"type": "tool_use", "id": fresh("toolu"), "name": name, "input": arguments}), "tool_use")
        }
    }
}

pub(super) fn whole(said: &Said, model: &str) -> Value {
    let (block, stop) = block(said);
    json!({
        "id": fresh("msg"), "type": "message", "role": "assistant", "model": model, "content": [block],
        "stop_reason": stop, "stop_sequence": null,
        "usage": {
            "input_tokens": 100, "output_tokens": 20, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
        },
    })
}

pub(super) fn events(said: &Said, model: &str) -> Vec<Event> {
    let mut message = whole(said, model);
    let (mut block, stop) = block(said);
    let delta = match said {
        Said::Text(text) => {
            block["text"] = "".into();
            json!({"type": "text_delta", "text": text})
        }
        Said::Call { arguments, .. } => {
            block["input"] = json!({});
            json!({"type": "input_json_delta", "partial_json": arguments.to_string()})
        }
    };
    message["content"] = json!([]);
    message["stop_reason"] = Value::Null;
    vec![
        Event::named("message_start", json!({"message": message})),
        Event::named("content_block_start", json!({"index": 0, "content_block": block})),
        Event::named("content_block_delta", json!({"index": 0, "delta": delta})),
        Event::named("content_block_stop", json!({"index": 0})),
        Event::named(
            "message_delta",
            json!({"delta": {"stop_reason": stop, "stop_sequence": null}, "usage": {"output_tokens": 20}}),
        ),
        Event::named("message_stop", json!({})),
    ]
}

pub(super) fn usual(status: u16) -> Value {
    let (class, message) = match status {
        400 => ("invalid_request_error", "Your credit balance is too low to access the Anthropic API."),
        401 => ("authentication_error", "invalid x-api-key"),
        403 => ("permission_error", "Your account does not have access to Claude Code."),
        404 => ("not_found_error", "model: no such model"),
        429 => ("rate_limit_error", "This request would exceed your organization's rate limit."),
        529 => ("overloaded_error", "Overloaded"),
        _ => ("api_error", "Internal server error"),
    };
    error(class, message)
}

fn error(class: &str, message: &str) -> Value {
    json!({"type": "error", "error": {"type": class, "message": message}, "request_id": fresh("req")})
}

pub(super) fn used_up(epoch: i64, window: Window) -> Refusal {
    let (claim, short) = match window {
        Window::FiveHours => ("five_hour", "5h"),
        Window::Week => ("seven_day", "7d"),
    };
    let headers = [
        ("status".to_owned(), "rejected".to_owned()),
        ("reset".to_owned(), epoch.to_string()),
        ("representative-claim".to_owned(), claim.to_owned()),
        (format!("{short}-status"), "rejected".to_owned()),
        (format!("{short}-reset"), epoch.to_string()),
        (format!("{short}-utilization"), "1.0".to_owned()),
        ("overage-status".to_owned(), "rejected".to_owned()),
        ("overage-disabled-reason".to_owned(), "org_level_disabled".to_owned()),
    ];
    let headers = headers.map(|(name, value)| (format!("anthropic-ratelimit-unified-{name}"), value));
    let message = "This request would exceed your account's rate limit. Please try again later.";
    Refusal { status: 429, headers: headers.into(), body: error("rate_limit_error", message) }
}
