//! The dialect of Codex: `OpenAI` Responses.

use serde_json::{Value, json};

use super::request::{Told, list, texts};
use super::scenario::ToolCall;
use super::wire::{Event, Refusal, Said, fresh, shell};

/// The creation time of all objects, in seconds since 1970. No program uses it.
pub(super) const MADE: i64 = 1_760_000_000;

pub(super) fn told(body: &Value) -> Told {
    let mut told = Told::default();
    for item in list(&body["input"]) {
        match item["type"].as_str().unwrap_or_default() {
            "message" if item["role"] == "user" => told.user(texts(&item["content"])),
            kind if kind.ends_with("_call_output") => {
                told.results
                    .push(item["output"].as_str().map_or_else(|| texts(&item["output"]), str::to_owned));
            }
            _ => {}
        }
    }
    let name = |tool: &Value| tool["name"].as_str().or(tool["type"].as_str()).map(str::to_owned);
    told.tools = list(&body["tools"]).iter().filter_map(name).collect();
    told
}

/// The tools for this action, the best first.
pub(super) fn uses(call: &ToolCall) -> Vec<(&'static str, Value)> {
    let command = shell(call);
    vec![
        ("exec_command", json!({"cmd": command})),
        ("shell_command", json!({"command": command})),
        ("shell", json!({"command": ["bash", "-lc", command]})),
    ]
}

fn item(said: &Said) -> Value {
    match said {
        Said::Text(text) => json!({
            "type": "message", "id": fresh("msg"), "role": "assistant", "status": "completed",
            "content": [{"type": "output_text", "text": text, "annotations": []}],
        }),
        Said::Call { name, arguments } => json!({
            "type": "function_call", "id": fresh("fc"), "call_id": fresh("call"), "name": name,
            "arguments": arguments.to_string(), "status": "completed",
        }),
    }
}

fn response(item: &Value, model: &str) -> Value {
    json!({
        "id": fresh("resp"), "object": "response", "created_at": MADE, "status": "completed", "model": model,
        "output": [item],
        "usage": {
            "input_tokens": 100, "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": 20, "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 120,
        },
    })
}

pub(super) fn whole(said: &Said, model: &str) -> Value {
    response(&item(said), model)
}

pub(super) fn events(said: &Said, model: &str) -> Vec<Event> {
    let item = item(said);
    let completed = response(&item, model);
    let mut begun = completed.clone();
    begun["status"] = "in_progress".into();
    begun["output"] = json!([]);
    vec![
        Event::named("response.created", json!({"response": begun})),
        Event::named("response.output_item.done", json!({"output_index": 0, "item": item})),
        Event::named("response.completed", json!({"response": completed})),
    ]
}

pub(super) fn usual(status: u16) -> Value {
    let (class, code, message) = match status {
        401 => ("invalid_request_error", "invalid_api_key", "Incorrect API key provided."),
        403 => ("forbidden", "forbidden", "You have no access to this."),
        404 => (
            "invalid_request_error",
            "model_not_found",
            "The model does not exist or you do not have access to it.",
        ),
        429 => ("tokens", "rate_limit_exceeded", "Rate limit reached on tokens per min."),
        503 | 529 => ("server_error", "server_is_overloaded", "Our servers are overloaded."),
        _ => ("server_error", "server_error", "The server had an error."),
    };
    json!({"error": {"message": message, "type": class, "param": null, "code": code}})
}

pub(super) fn used_up(epoch: i64) -> Refusal {
    let body = json!({"error": {
        "type": "usage_limit_reached", "message": "The usage limit has been reached", "plan_type": "plus",
        "resets_at": epoch,
    }});
    let headers = [
        ("x-codex-primary-used-percent", "100".to_owned()),
        ("x-codex-primary-window-minutes", "300".to_owned()),
        ("x-codex-primary-reset-at", epoch.to_string()),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value));
    Refusal { status: 429, headers: headers.into(), body }
}
