//! Measured numbers with their limits, and medians.

use std::fmt;
use std::time::{Duration, Instant};

/// A measured number with its limit.
pub(super) struct Number {
    /// The subject of the measurement.
    pub(super) name: &'static str,
    pub(super) value: f64,
    pub(super) limit: Limit,
    pub(super) unit: &'static str,
}

/// The limit of a number.
#[derive(Clone, Copy)]
pub(super) enum Limit {
    /// The maximum.
    AtMost(f64),
    /// The minimum.
    AtLeast(f64),
}

impl Number {
    /// Returns whether the number is within its limit.
    pub(super) fn holds(&self) -> bool {
        match self.limit {
            Limit::AtMost(limit) => self.value <= limit,
            Limit::AtLeast(limit) => self.value >= limit,
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, value, limit, unit } = self;
        let (word, limit) = match limit {
            Limit::AtMost(limit) => ("at most", limit),
            Limit::AtLeast(limit) => ("at least", limit),
        };
        let verdict = if self.holds() { "" } else { "  BROKEN" };
        write!(
            formatter,
            "{name}: {value:.2} {unit} ({word} {limit} {unit}, ratio {:.2}){verdict}",
            value / limit
        )
    }
}

/// Measures the duration of a function.
pub(super) fn timed<T>(deed: impl FnOnce() -> T) -> (Duration, T) {
    let begun = Instant::now();
    let done = deed();
    (begun.elapsed(), done)
}

/// Returns the median.
pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Converts a duration to milliseconds.
pub(super) fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
