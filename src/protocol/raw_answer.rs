//! The unread texts that may contain an agent's answer.

use serde::{Deserialize, Serialize};

/// The texts that may contain an answer, in the order of trust.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawAnswer {
    pub native: Option<String>,
    pub file: Option<String>,
    /// The last message, or stdout.
    pub message: Option<String>,
}

/// The source of a text, in the order of trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stream {
    Native,
    File,
    /// The last message, or stdout.
    Message,
}

impl Stream {
    /// Returns the name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "structured output",
            Self::File => "response file",
            Self::Message => "last message",
        }
    }
}

impl RawAnswer {
    /// Creates an answer from the last message.
    pub fn message(text: impl Into<String>) -> Self {
        Self { message: Some(text.into()), ..Self::default() }
    }

    /// Returns the texts that are not empty, the most trusted first.
    pub fn streams(&self) -> impl Iterator<Item = (Stream, &str)> {
        let all =
            [(Stream::Native, &self.native), (Stream::File, &self.file), (Stream::Message, &self.message)];
        all.into_iter()
            .filter_map(|(stream, text)| text.as_deref().map(|text| (stream, text)))
            .filter(|(_, text)| !text.trim().is_empty())
    }

    /// Returns the most trusted text.
    pub fn most_trusted(&self) -> &str {
        self.streams().next().map_or("", |(_, text)| text)
    }

    /// Rewrites every text.
    #[must_use]
    pub fn map(self, mut rewrite: impl FnMut(String) -> String) -> Self {
        Self {
            native: self.native.map(&mut rewrite),
            file: self.file.map(&mut rewrite),
            message: self.message.map(&mut rewrite),
        }
    }
}
