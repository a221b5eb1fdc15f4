//! The usage of one or more calls, and its JSON.

use serde::{Deserialize, Serialize};

use crate::domain::usage::{Precision, Usage};

/// The usage of calls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "SumJson", from = "SumJson")]
pub struct Sum {
    pub usage: Usage,
    pub time: Precision,
}

impl Sum {
    /// Adds two sums.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { usage: self.usage.plus(other.usage), time: self.time.max(other.time) }
    }
}

#[derive(Serialize, Deserialize)]
struct SumJson {
    calls: u64,
    tokens: TokensJson,
    cost: Option<CostJson>,
    time: TimeJson,
}

#[derive(Serialize, Deserialize)]
struct TokensJson {
    input: u64,
    cached: u64,
    output: u64,
    precision: Precision,
}

#[derive(Serialize, Deserialize)]
struct CostJson {
    /// Dollars for people; `micro_usd` is exact.
    usd: f64,
    micro_usd: u64,
    precision: Precision,
}

#[derive(Serialize, Deserialize)]
struct TimeJson {
    milliseconds: u64,
    precision: Precision,
}

impl From<Sum> for SumJson {
    fn from(Sum { usage, time }: Sum) -> Self {
        let tokens = TokensJson {
            input: usage.input_tokens,
            cached: usage.cached_tokens,
            output: usage.output_tokens,
            precision: usage.precision,
        };
        let cost = usage.cost().map(|cost| CostJson {
            usd: usd(cost.micro_usd),
            micro_usd: cost.micro_usd,
            precision: cost.precision,
        });
        let time = TimeJson { milliseconds: usage.milliseconds, precision: time };
        Self { calls: usage.calls, tokens, cost, time }
    }
}

impl From<SumJson> for Sum {
    fn from(sum: SumJson) -> Self {
        let SumJson { calls, tokens, cost, time } = sum;
        let usage = Usage {
            calls,
            input_tokens: tokens.input,
            cached_tokens: tokens.cached,
            output_tokens: tokens.output,
            micro_usd: cost.as_ref().map_or(0, |cost| cost.micro_usd),
            priced_calls: cost.map_or(0, |_| calls),
            milliseconds: time.milliseconds,
            precision: tokens.precision,
        };
        Self { usage, time: time.precision }
    }
}

fn usd(micro_usd: u64) -> f64 {
    format!("{}.{:06}", micro_usd / 1_000_000, micro_usd % 1_000_000).parse().unwrap_or(0.0)
}
