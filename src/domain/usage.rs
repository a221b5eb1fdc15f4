//! What a turn cost.

use serde::{Deserialize, Serialize};

/// Tokens and money of one or many calls. Money is in millionths of a US dollar.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    pub calls: u64,
    /// Tokens sent, those that were read from a cache included.
    pub input_tokens: u64,
    /// Tokens sent that were read from a cache.
    #[serde(default)]
    pub cached_tokens: u64,
    pub output_tokens: u64,
    /// Cost, as far as CLIs report it; see `cost`.
    pub micro_usd: u64,
    /// How many of the calls reported their cost, be it nothing.
    #[serde(default, skip_serializing_if = "is_none")]
    pub priced_calls: u64,
    pub milliseconds: u64,
    /// How far the numbers can be trusted.
    #[serde(default)]
    pub precision: Precision,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_none(count: &u64) -> bool {
    *count == 0
}

/// What calls cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// As reported, in millionths of a US dollar.
    pub micro_usd: u64,
    /// Partial, if some of the calls reported none.
    pub precision: Precision,
}

/// How far a number can be trusted. The label of a sum is the worst of its parts: it is exact only if all of them are, and
/// what is missing in one of them is missing in all, however exact or guessed the rest is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    #[default]
    Exact,
    /// Nothing is missing, but something was counted from the length of texts.
    Estimated,
    /// Something was spent that is not counted.
    Partial,
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
    /// Tokens sent and received. Those from a cache count in full: what they cost is the vendor's affair.
    pub fn tokens(self) -> u64 {
        self.input_tokens.saturating_add(self.output_tokens)
    }

    /// What the calls cost, as reported; nothing, if none of them reported it.
    pub fn cost(self) -> Option<Cost> {
        // What was written before calls were counted as priced has a sum alone.
        let is_priced = self.calls == 0 || self.priced_calls > 0 || self.micro_usd > 0;
        let is_whole = self.priced_calls >= self.calls || (self.calls == 1 && self.micro_usd > 0);
        let precision = if is_whole { Precision::Exact } else { Precision::Partial };
        is_priced.then_some(Cost { micro_usd: self.micro_usd, precision })
    }

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
            priced_calls: self.priced_calls.saturating_add(other.priced_calls),
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn sums_hide_no_gap_or_guess(
            parts in prop::collection::vec(
                prop::sample::select(vec![Precision::Exact, Precision::Estimated, Precision::Partial]), 0..6),
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
    fn no_cost_is_not_zero_cost() {
        assert_eq!(cost(call(0, 0)), None);
        assert_eq!(cost(call(0, 1)), Some((0, "exact")));
        assert_eq!(cost(call(7, 1).plus(call(5, 1))), Some((12, "exact")));
        assert_eq!(cost(call(7, 1).plus(call(0, 0))), Some((7, "partial")));
        assert_eq!(cost(call(0, 0).plus(call(0, 0))), None);
        assert_eq!(cost(Usage::default()), Some((0, "exact")), "nobody was asked");
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
        assert!(!text.contains("priced"), "records do not grow: {text}");
    }
}
