//! The answers of a model, independent of dialects.

use std::collections::VecDeque;

use serde_json::Value;

use super::request::Seen;

/// The answer of the model in one turn: in a new conversation, or after a new message of the user.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// The model answers with a text.
    Text(String),
    /// The model requests these tools, one per request, and then answers with a text.
    Tools(Vec<ToolCall>, Box<Self>),
    /// The model answers with this object: through the tool for structured answers if there is one, else as text.
    Structured(Value),
    /// The service returns an error. Without a body, it uses the service's usual one for the status.
    Error { status: u16, body: Option<Value>, headers: Vec<(String, String)> },
    /// The account's quota is used up until this second since 1970.
    QuotaReset { epoch: i64, window: Window },
    /// The service accepts the request and never answers.
    Hang,
    /// The connection breaks in the middle of the answer.
    DropMidStream,
}

/// The kind of quota that is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Window {
    FiveHours,
    Week,
}

/// A tool that the model requests. Each dialect chooses a suitable tool of the request.
#[derive(Debug, Clone)]
pub(crate) enum ToolCall {
    /// Write a file with a path relative to the working folder.
    Write { path: String, text: String },
    /// Run a shell command.
    Shell(String),
}

impl Answer {
    pub(crate) fn text(words: &str) -> Self {
        Self::Text(words.to_owned())
    }

    pub(crate) fn error(status: u16) -> Self {
        Self::Error { status, body: None, headers: Vec::new() }
    }

    /// Returns the answer with the nonce of the question in the place of `{{nonce}}`.
    pub(super) fn to(self, seen: &Seen) -> Self {
        match self {
            Self::Structured(Value::Object(mut members)) => {
                if let (Some(nonce), Some(value)) = (nonce_in(seen), members.get_mut("nonce")) {
                    *value = Value::String(nonce);
                }
                Self::Structured(Value::Object(members))
            }
            Self::Tools(calls, last) => Self::Tools(calls, Box::new(last.to(seen))),
            other @ (Self::Text(_)
            | Self::Structured(_)
            | Self::Error { .. }
            | Self::QuotaReset { .. }
            | Self::Hang
            | Self::DropMidStream) => other,
        }
    }

    /// Creates an error with this message.
    pub(crate) fn with_header(mut self, name: &str, value: &str) -> Self {
        let Self::Error { headers, .. } = &mut self else { panic!("{self:?} refuses nothing") };
        headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// Returns the nonce that the last question states.
fn nonce_in(seen: &Seen) -> Option<String> {
    let (_, rest) = seen.prompt.rsplit_once("The nonce of this question is ")?;
    rest.get(..10).map(str::to_owned)
}

/// Computes an answer from a request.
type Thought = Box<dyn FnMut(&Seen) -> Answer + Send>;

/// The answers of a model over several turns.
pub(crate) enum Scenario {
    /// The same answer in each turn.
    Always(Answer),
    /// One answer for each turn, in order; after the last, the service returns status 410.
    Script(VecDeque<Answer>),
    /// An answer computed from the request.
    Thinks(Thought),
}

impl Scenario {
    pub(crate) fn script(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self::Script(answers.into_iter().collect())
    }

    pub(crate) fn thinks(thought: impl FnMut(&Seen) -> Answer + Send + 'static) -> Self {
        Self::Thinks(Box::new(thought))
    }

    /// Returns the answer to a new turn.
    pub(super) fn begin(&mut self, seen: &Seen) -> Answer {
        match self {
            Self::Always(answer) => answer.clone(),
            Self::Script(answers) => answers.pop_front().unwrap_or_else(|| Answer::error(410)),
            Self::Thinks(thought) => thought(seen),
        }
    }
}

impl From<Answer> for Scenario {
    fn from(answer: Answer) -> Self {
        Self::Always(answer)
    }
}
