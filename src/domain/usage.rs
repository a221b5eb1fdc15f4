//! What a turn cost.

use serde::{Deserialize, Serialize};

/// Tokens and money of one or many calls. Money is in millionths of a US dollar.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    /// How many calls.
    pub calls: u64,
    /// Tokens sent.
    pub input_tokens: u64,
    /// Tokens received.
    pub output_tokens: u64,
    /// Cost, where the CLI reports it.
    pub micro_usd: u64,
    /// Milliseconds that agents worked.
    pub milliseconds: u64,
}

impl Usage {
    /// Whichever counts more calls.
    #[must_use]
    pub fn larger(self, other: Self) -> Self {
        if other.calls > self.calls { other } else { self }
    }

    /// The sum of two.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            calls: self.calls.saturating_add(other.calls),
            input_tokens: self.input_tokens.saturating_add(other.input_tokens),
            output_tokens: self.output_tokens.saturating_add(other.output_tokens),
            micro_usd: self.micro_usd.saturating_add(other.micro_usd),
            milliseconds: self.milliseconds.saturating_add(other.milliseconds),
        }
    }
}
