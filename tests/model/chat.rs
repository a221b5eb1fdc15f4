//! The dialect of `OpenCode`: chat completions.

use serde_json::{Value, json};

use super::request::{Told, list, texts};
use super::responses::MADE;
use super::scenario::ToolCall;
use super::wire::{Event, Refusal, Said, fresh, shell};

/// The beginning of the prompts in which `OpenCode` asks for the title of a conversation.
const TITLES: &str = "You are a title generator";

pub(super) fn told(body: &Value) -> Told {
    let mut told = Told::default();
    for message in list(&body["messages"]) {
        let text = texts(&message["content"]);
        match message["role"].as_str().unwrap_or_default() {
            "user" => told.user(text),
            "tool" => told.results.push(text),
            "system" if text.starts_with(TITLES) => told.aside = true,
            _ => {}
        }
    }
    let name = |tool: &Value| tool["function"]["name"].as_str().map(str::to_owned);
    told.tools = list(&body["tools"]).iter().filter_map(name).collect();
    told
}

/// The tools for this action, the best first.
pub(super) fn uses(call: &ToolCall) -> Vec<(&'static str, Value)> {
    let bash = ("bash", json!({"command": shell(call), "description": "work"}));
    match call {
        ToolCall::Write { path, text } => vec![("write", json!({"filePath": path, "content": text})), bash],
        ToolCall::Shell(_) => vec![bash],
    }
}

fn message(said: &Said) -> (Value, &'static str) {
    match said {
        Said::Text(text) => (json!({"role": "assistant", "content": text}), "stop"),
        Said::Call { name, arguments } => {
            let call = json!({
                "index": 0, "id": fresh("call"), "type": "function",
                "function": {"name": name, "arguments": arguments.to_string()},
            });
            (json!({"role": "assistant", "tool_calls": [call]}), "tool_calls")
        }
    }
}

fn frame(object: &str, model: &str, choice: &Value) -> Value {
    json!({
        "id": fresh("chatcmpl"), "object": object, "created": MADE, "model": model, "choices": [choice],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
    })
}

pub(super) fn whole(said: &Said, model: &str) -> Value {
    let (message, end) = message(said);
    frame("chat.completion", model, &json!({"index": 0, "message": message, "finish_reason": end}))
}

pub(super) fn events(said: &Said, model: &str) -> Vec<Event> {
    let (message, end) = message(said);
    let piece = |delta: &Value, end: &Value| {
        let choice = json!({"index": 0, "delta": delta, "finish_reason": end});
        Event::plain(&frame("chat.completion.chunk", model, &choice))
    };
    vec![
        piece(&message, &Value::Null),
        piece(&json!({}), &end.into()),
        Event { name: None, data: "[DONE]".to_owned() },
    ]
}

pub(super) fn used_up() -> Refusal {
    let message = "You exceeded your current quota, please check your plan and billing details.";
    let body =
        json!({"error": {"message": message, "type": "insufficient_quota", "code": "insufficient_quota"}});
    Refusal { status: 429, headers: Vec::new(), body }
}
