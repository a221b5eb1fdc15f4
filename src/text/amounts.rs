//! Durations and costs as a person reads them.

use std::time::Duration;

use crate::domain::usage::{Precision, Usage};

/// Formats a duration: `4 s`, `3 min 20 s`, `1 h 5 min`.
pub fn duration(time: Duration) -> String {
    let seconds = time.as_millis().div_ceil(1000);
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, 0) => format!("{minutes} min"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// Formats a cost: dollars where they were reported, otherwise tokens.
pub fn cost(usage: &Usage) -> Option<String> {
    match usage.cost().filter(|cost| cost.micro_usd > 0) {
        Some(cost) => {
            let cents = cost.micro_usd.div_ceil(10_000);
            let least = if cost.precision == Precision::Partial { "≥ " } else { "" };
            Some(format!("{least}${}.{:02}", cents / 100, cents % 100))
        }
        None if usage.tokens() > 0 => Some(format!("{} k tokens", usage.tokens().div_ceil(1000))),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_two_units() {
        let told = [0, 1, 4_000, 60_000, 61_000, 3_900_000].map(|ms| duration(Duration::from_millis(ms)));
        assert_eq!(told, ["0 s", "1 s", "4 s", "1 min", "1 min 1 s", "1 h 5 min"]);
    }

    #[test]
    fn a_partial_cost_is_a_minimum() {
        let usage = Usage { calls: 2, priced_calls: 1, micro_usd: 304_000, ..Usage::default() };
        assert_eq!(cost(&usage).as_deref(), Some("≥ $0.31"));
        let tokens = Usage { calls: 1, input_tokens: u64::MAX, output_tokens: 1, ..Usage::default() };
        assert_eq!(cost(&tokens), Some(format!("{} k tokens", u64::MAX.div_ceil(1000))));
    }
}
