//! What a program asked: the same few facts in all dialects, for the scenario and for the test.

use axum::http::HeaderMap;
use serde_json::Value;

use super::{anthropic, chat, gemini, responses};

/// The language that a program speaks with its model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Messages, as Claude Code speaks it.
    Anthropic,
    /// Responses, as Codex speaks it.
    Responses,
    /// `generateContent`, as Gemini speaks it.
    Gemini,
    /// Chat completions, as `OpenCode` speaks it with most providers.
    Chat,
}

/// One request, as far as a test wants to know.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) dialect: Dialect,
    /// The path behind the scenario's name.
    pub(crate) path: String,
    /// What the user said last.
    pub(crate) prompt: String,
    /// Everything that the user said in this conversation, oldest first.
    pub(crate) said: Vec<String>,
    /// The names of the tools on offer.
    pub(crate) tools: Vec<String>,
    /// What the tools brought since the user spoke.
    pub(crate) results: Vec<String>,
    /// The model that is asked for.
    pub(crate) model: String,
    /// Whether the answer is wanted in pieces.
    pub(crate) streamed: bool,
    /// Whether it only asks for a title for the conversation, beside its turns.
    pub(crate) aside: bool,
    /// The headers, for instance to see which credential was used.
    pub(crate) headers: HeaderMap,
}

/// What a dialect finds in a body.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) said: Vec<String>,
    pub(super) tools: Vec<String>,
    pub(super) results: Vec<String>,
    pub(super) aside: bool,
}

impl Told {
    /// The user spoke: what tools brought before belongs to an earlier turn.
    pub(super) fn user(&mut self, words: String) {
        self.said.push(words);
        self.results.clear();
    }
}

impl Dialect {
    /// The dialect of a path, if it is one in which a model is asked.
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

/// The texts of a list of parts, or the text itself.
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

/// The elements of a list, or none.
pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}
