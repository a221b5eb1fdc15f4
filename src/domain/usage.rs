//! The usage of turns: tokens, money and time.

use serde::{Deserialize, Serialize};

use super::word_list::word_list;

/// The usage of one or more calls. Money is in millionths of a US dollar.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    pub calls: u64,
    /// Tokens sent, including those read from a cache.
    pub input_tokens: u64,
    #[serde(default)]
    pub cached_tokens: u64,
    pub output_tokens: u64,
    /// The cost that was reported, see `cost`.
    pub micro_usd: u64,
    /// The number of calls that reported a cost, even one of zero.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub priced_calls: u64,
    pub milliseconds: u64,
    #[serde(default)]
    pub precision: Precision,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// The cost of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// The reported cost in millionths of a US dollar.
    pub micro_usd: u64,
    /// `Partial` if some of the calls reported no cost.
    pub precision: Precision,
}

word_list!(
    /// The precision of a number, in order: the precision of a sum is the worst of its parts.
    #[derive(Default, PartialOrd, Ord)]
    Precision {
        #[default]
        Exact = "exact",
        /// The number includes everything, but parts of it were computed from the length of texts.
        Estimated = "estimated",
        /// The number does not include everything that was spent.
        Partial = "partial",
    }
);

impl Usage {
    /// Returns the tokens sent and received. Cached tokens are included in full, although vendors charge less for them.
    pub fn tokens(self) -> u64 {
        self.input_tokens.saturating_add(self.output_tokens)
    }

    /// Returns the reported cost of the calls; `None` if none of them reported one.
    pub fn cost(self) -> Option<Cost> {
        // Older records have a sum without `priced_calls`.
        let is_priced = self.calls == 0 || self.priced_calls > 0 || self.micro_usd > 0;
        let is_whole = self.priced_calls >= self.calls || (self.calls == 1 && self.micro_usd > 0);
        let precision = if is_whole { Precision::Exact } else { Precision::Partial };
        is_priced.then_some(Cost { micro_usd: self.micro_usd, precision })
    }

    /// Returns the usage with more calls.
    #[must_use]
    pub fn larger(self, other: Self) -> Self {
        if other.calls > self.calls { other } else { self }
    }

    /// Adds two usages.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            calls: self.calls.saturating_add(other.calls),
            input_tokens: self.input_tokens.saturating_add(other.input_tokens),
            cached_tokens: self.cached_tokens.saturating_add(other.cached_tokens),
            output_tokens: self.output_tokens.saturating_add(other.output_tokens),
            micro_usd: self.micro_usd.saturating_add(other.micro_usd),
            priced_calls: self.priced_calls.saturating_add(other.priced_calls),
            milliseconds: self.milliseconds.saturating_add(other.milliseconds),
            precision: self.precision.max(other.precision),
        }
    }

    /// Subtracts an earlier usage of the same session.
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn sums_hide_no_gap_or_guess(
            parts in prop::collection::vec(
                prop::sample::select(Precision::ALL.to_vec()), 0..6),
        ) {
            let one = |precision: &Precision| Usage { precision: *precision, ..Usage::default() };
            let sum = parts.iter().map(one).fold(Usage::default(), Usage::plus).precision;
            prop_assert_eq!(sum == Precision::Partial, parts.contains(&Precision::Partial));
            prop_assert_eq!(sum == Precision::Exact, parts.iter().all(|part| *part == Precision::Exact));
        }
    }

    fn call(micro_usd: u64, priced_calls: u64) -> Usage {
        Usage { calls: 1, micro_usd, priced_calls, ..Usage::default() }
    }

    fn cost(usage: Usage) -> Option<(u64, &'static str)> {
        usage.cost().map(|cost| (cost.micro_usd, cost.precision.name()))
    }

    #[test]
    fn unknown_costs_are_not_zero() {
        assert_eq!(cost(call(0, 0)), None);
        assert_eq!(cost(call(0, 1)), Some((0, "exact")));
        assert_eq!(cost(call(7, 1).plus(call(5, 1))), Some((12, "exact")));
        assert_eq!(cost(call(7, 1).plus(call(0, 0))), Some((7, "partial")));
        assert_eq!(cost(call(0, 0).plus(call(0, 0))), None);
        assert_eq!(cost(Usage::default()), Some((0, "exact")), "no calls");
    }

    #[test]
    fn older_costs_without_labels_are_read() {
        let old = |calls: u64, cost: u64| -> Usage {
            let text = format!(
                r#"{{"calls":{calls},"input_tokens":9,"output_tokens":1,"micro_usd":{cost},"milliseconds":5}}"#
            );
            serde_json::from_str(&text).unwrap()
        };
        assert_eq!(cost(old(1, 7)), Some((7, "exact")));
        assert_eq!(cost(old(3, 7)), Some((7, "partial")));
        assert_eq!(cost(old(3, 0)), None);
        let text = serde_json::to_string(&old(1, 0)).unwrap();
        assert!(!text.contains("priced"), "records keep their length: {text}");
    }
}
