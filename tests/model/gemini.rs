//! The dialect of the Gemini CLI: `generateContent`.

use serde_json::{Value, json};

use super::request::{Told, list, texts};
use super::scenario::ToolCall;
use super::wire::{Event, Refusal, Said, shell};

pub(super) fn told(body: &Value) -> Told {
    let mut told = Told::default();
    for content in list(&body["contents"]).iter().filter(|content| content["role"] == "user") {
        let parts = list(&content["parts"]);
        let answered = parts.iter().map(|part| &part["functionResponse"]["response"]);
        let results: Vec<String> =
            answered.filter(|response| !response.is_null()).map(Value::to_string).collect();
        if results.is_empty() {
            told.user(texts(&content["parts"]));
        }
        told.results.extend(results);
    }
    let declared = list(&body["tools"]).iter().flat_map(|tool| list(&tool["functionDeclarations"]));
    told.tools = declared.filter_map(|tool| tool["name"].as_str().map(str::to_owned)).collect();
    told
}

/// The tools for this action, the best first.
pub(super) fn uses(call: &ToolCall) -> Vec<(&'static str, Value)> {
    let command = ("run_shell_command", json!({"command": shell(call), "description": "work"}));
    match call {
        ToolCall::Write { path, text } => {
            vec![("write_file", json!({"file_path": path, "content": text})), command]
        }
        ToolCall::Shell(_) => vec![command],
    }
}

pub(super) fn whole(said: &Said) -> Value {
    let part = match said {
        Said::Text(text) => json!({"text": text}),
        Said::Call { name, arguments } => json!({"functionCall": {"name": name, "args": arguments}}),
    };
    json!({
        "candidates": [{"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0}],
        "usageMetadata": {"promptTokenCount": 100, "candidatesTokenCount": 20, "totalTokenCount": 120},
    })
}

/// Splits an answer into an incomplete beginning and the end: a connection can break between them.
pub(super) fn events(said: &Said) -> Vec<Event> {
    let last = whole(said);
    let first = json!({"candidates": [{"content": {"role": "model", "parts": [{"text": ""}]}, "index": 0}]});
    vec![Event::plain(&first), Event::plain(&last)]
}

pub(super) fn usual(status: u16) -> Value {
    let (name, message) = match status {
        400 | 401 => ("INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."),
        403 => ("PERMISSION_DENIED", "The caller does not have permission."),
        404 => ("NOT_FOUND", "The model is not found for API version v1beta."),
        429 => ("RESOURCE_EXHAUSTED", "You exceeded your current quota."),
        503 | 529 => ("UNAVAILABLE", "The model is overloaded. Please try again later."),
        _ => ("INTERNAL", "An internal error has occurred."),
    };
    json!({"error": {"code": status, "message": message, "status": name, "details": []}})
}

/// The daily quota: the only one that Gemini CLI treats as final.
pub(super) fn used_up() -> Refusal {
    let kind = |name: &str| format!("type.googleapis.com/google.rpc.{name}");
    let mut body = usual(429);
    body["error"]["details"] = json!([
        {"@type": kind("QuotaFailure"), "violations": [{
            "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
            "quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier", "quotaValue": "50",
        }]},
        {"@type": kind("RetryInfo"), "retryDelay": "40s"},
    ]);
    Refusal { status: 429, headers: Vec::new(), body }
}
