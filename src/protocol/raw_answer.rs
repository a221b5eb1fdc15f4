//! The texts in which an agent's answer may stand, as they came. Knows nothing of what they say.

use serde::{Deserialize, Serialize};

/// The texts in which an answer may stand, in the order of trust.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawAnswer {
    pub native: Option<String>,
    pub file: Option<String>,
    /// The last message, or stdout.
    pub message: Option<String>,
}

/// Where a text came from. The order is the order of trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stream {
    Native,
    File,
    /// The last message, or stdout.
    Message,
}

impl Stream {
    /// The words for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "structured output",
            Self::File => "response file",
            Self::Message => "last message",
        }
    }
}

impl RawAnswer {
    /// An answer from the last message.
    pub fn message(text: impl Into<String>) -> Self {
        Self { message: Some(text.into()), ..Self::default() }
    }

    /// The texts that say anything, the most trusted first.
    pub fn streams(&self) -> impl Iterator<Item = (Stream, &str)> {
        let all =
            [(Stream::Native, &self.native), (Stream::File, &self.file), (Stream::Message, &self.message)];
        all.into_iter()
            .filter_map(|(stream, text)| text.as_deref().map(|text| (stream, text)))
            .filter(|(_, text)| !text.trim().is_empty())
    }

    /// The text that counts most.
    pub fn most_trusted(&self) -> &str {
        self.streams().next().map_or("", |(_, text)| text)
    }

    /// The same answer, every text of it rewritten.
    #[must_use]
    pub fn map(self, mut rewrite: impl FnMut(String) -> String) -> Self {
        Self {
            native: self.native.map(&mut rewrite),
            file: self.file.map(&mut rewrite),
            message: self.message.map(&mut rewrite),
        }
    }
}
