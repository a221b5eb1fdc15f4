//! The requests of programs: the same facts for all dialects.

use axum::http::HeaderMap;
use serde_json::Value;

use super::{anthropic, chat, gemini, responses};

/// The protocol between a program and its model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Messages of Claude Code.
    Anthropic,
    /// Responses of Codex.
    Responses,
    /// `generateContent` of Gemini CLI.
    Gemini,
    /// Chat completions of `OpenCode` with most providers.
    Chat,
}

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) dialect: Dialect,
    /// The path after the scenario's name.
    pub(crate) path: String,
    /// The last message of the user.
    pub(crate) prompt: String,
    /// All messages of the user in this conversation, oldest first.
    pub(crate) said: Vec<String>,
    /// The names of the available tools.
    pub(crate) tools: Vec<String>,
    /// The results of tools since the last message of the user.
    pub(crate) results: Vec<String>,
    /// The requested model.
    pub(crate) model: String,
    /// Whether the answer is streamed.
    pub(crate) streamed: bool,
    /// Whether the request only asks for a title of the conversation.
    pub(crate) aside: bool,
    /// The headers, for example to see which credential was used.
    pub(crate) headers: HeaderMap,
}

/// The facts that a dialect reads from a body.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) said: Vec<String>,
    pub(super) tools: Vec<String>,
    pub(super) results: Vec<String>,
    pub(super) aside: bool,
}

impl Told {
    /// Adds a message of the user: earlier results of tools belong to an earlier turn.
    pub(super) fn user(&mut self, words: String) {
        self.said.push(words);
        self.results.clear();
    }
}

impl Dialect {
    /// Returns the dialect of a path, if the path is for requests to a model.
    pub(super) fn of(path: &str) -> Option<Self> {
        match path {
            path if path.ends_with("/messages") => Some(Self::Anthropic),
            path if path.ends_with("/responses") => Some(Self::Responses),
            path if path.ends_with("/chat/completions") => Some(Self::Chat),
            path if path.ends_with(":generateContent") || path.ends_with(":streamGenerateContent") => {
                Some(Self::Gemini)
            }
            _ => None,
        }
    }

    fn told(self, body: &Value) -> Told {
        match self {
            Self::Anthropic => anthropic::told(body),
            Self::Responses => responses::told(body),
            Self::Gemini => gemini::told(body),
            Self::Chat => chat::told(body),
        }
    }

    /// Reads a request.
    pub(super) fn read(self, path: &str, headers: HeaderMap, body: &Value) -> Seen {
        let told = self.told(body);
        let in_path = path.rsplit('/').next().and_then(|last| last.split(':').next()).unwrap_or_default();
        Seen {
            dialect: self,
            path: path.to_owned(),
            prompt: told.said.last().cloned().unwrap_or_default(),
            said: told.said,
            tools: told.tools,
            results: told.results,
            model: body["model"].as_str().unwrap_or(in_path).to_owned(),
            streamed: body["stream"].as_bool().unwrap_or_else(|| path.ends_with(":streamGenerateContent")),
            aside: told.aside,
            headers,
        }
    }
}

/// Returns the texts of a list of parts, or the text itself.
pub(super) fn texts(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let texts: Vec<&str> = parts.iter().filter_map(|part| part["text"].as_str()).collect();
            texts.join("\n")
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => String::new(),
    }
}

/// Returns the elements of a list; none for other values.
pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}
