//! What a turn cost.

use serde::{Deserialize, Serialize};

/// Tokens and money of one or many calls. Money is in millionths of a US dollar.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    /// How many calls.
    pub calls: u64,
    /// Tokens sent, those that were read from a cache included.
    pub input_tokens: u64,
    /// Tokens sent that were read from a cache.
    #[serde(default)]
    pub cached_tokens: u64,
    /// Tokens received.
    pub output_tokens: u64,
    /// Cost, where the CLI reports it.
    pub micro_usd: u64,
    /// Milliseconds that agents worked.
    pub milliseconds: u64,
    /// How far the numbers can be trusted.
    #[serde(default)]
    pub precision: Precision,
}

/// How far the tokens and the cost can be trusted. Of many calls the worst counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// As the programs reported.
    #[default]
    Exact,
    /// Something was spent that is not counted.
    Partial,
    /// Counted from the length of texts.
    Estimated,
}

impl Precision {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Partial => "partial",
            Self::Estimated => "estimated",
        }
    }
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
            cached_tokens: self.cached_tokens.saturating_add(other.cached_tokens),
            output_tokens: self.output_tokens.saturating_add(other.output_tokens),
            micro_usd: self.micro_usd.saturating_add(other.micro_usd),
            milliseconds: self.milliseconds.saturating_add(other.milliseconds),
            precision: self.precision.max(other.precision),
        }
    }

    /// What was spent since an earlier count of the same session.
    #[must_use]
    pub fn since(self, earlier: Self) -> Self {
        Self {
            input_tokens: self.input_tokens.saturating_sub(earlier.input_tokens),
            cached_tokens: self.cached_tokens.saturating_sub(earlier.cached_tokens),
            output_tokens: self.output_tokens.saturating_sub(earlier.output_tokens),
            micro_usd: self.micro_usd.saturating_sub(earlier.micro_usd),
            ..self
        }
    }
}
