//! What a model does, said without any dialect.

use std::collections::VecDeque;

use serde_json::Value;

use super::request::Seen;

/// What it does in one turn of a program: in a new conversation, or after a new message of the user.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// It says this and is done.
    Text(String),
    /// It asks for these tools, one a request, and says this at the end.
    Tools(Vec<ToolCall>, Box<Self>),
    /// It answers with this object: through the tool for it where there is one, else as text.
    Structured(Value),
    /// The service refuses. Without a body, it is what the service usually says with that status.
    Error { status: u16, body: Option<Value>, headers: Vec<(String, String)> },
    /// The allowance of the account is used up until this second since 1970.
    QuotaReset { epoch: i64, window: Window },
    /// The service takes the request and never answers.
    Hang,
    /// The connection breaks in the middle of the answer.
    DropMidStream,
}

/// Which allowance is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Window {
    FiveHours,
    Week,
}

/// A tool that the model asks for. Each dialect picks the tool of that use which the request offers.
#[derive(Debug, Clone)]
pub(crate) enum ToolCall {
    /// Write a file, named from the working folder.
    Write { path: String, text: String },
    /// Run this in a shell.
    Shell(String),
}

impl Answer {
    pub(crate) fn text(words: &str) -> Self {
        Self::Text(words.to_owned())
    }

    pub(crate) fn error(status: u16) -> Self {
        Self::Error { status, body: None, headers: Vec::new() }
    }

    /// A refusal that says this, too.
    pub(crate) fn with_header(mut self, name: &str, value: &str) -> Self {
        let Self::Error { headers, .. } = &mut self else { panic!("{self:?} refuses nothing") };
        headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// Says an answer from what it was told.
type Thought = Box<dyn FnMut(&Seen) -> Answer + Send>;

/// What a model does over many turns.
pub(crate) enum Scenario {
    /// The same in each turn.
    Always(Answer),
    /// One answer for each turn, in order; after the last, the service has nothing to say (status 410).
    Script(VecDeque<Answer>),
    /// What comes of what it was told.
    Thinks(Thought),
}

impl Scenario {
    pub(crate) fn script(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self::Script(answers.into_iter().collect())
    }

    pub(crate) fn thinks(thought: impl FnMut(&Seen) -> Answer + Send + 'static) -> Self {
        Self::Thinks(Box::new(thought))
    }

    /// The answer to a turn that begins.
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
