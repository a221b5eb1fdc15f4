//! A number with its limit, and the middle of many.

use std::fmt;
use std::time::{Duration, Instant};

/// What was measured, against what it may be.
pub(super) struct Number {
    /// What it is.
    pub(super) name: &'static str,
    /// What was measured.
    pub(super) value: f64,
    /// What it may be.
    pub(super) limit: Limit,
    /// In what.
    pub(super) unit: &'static str,
}

/// What a number may be.
#[derive(Clone, Copy)]
pub(super) enum Limit {
    /// This or less.
    AtMost(f64),
    /// This or more.
    AtLeast(f64),
}

impl Number {
    /// Whether it is within its limit.
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

/// How long something takes.
pub(super) fn timed<T>(deed: impl FnOnce() -> T) -> (Duration, T) {
    let begun = Instant::now();
    let done = deed();
    (begun.elapsed(), done)
}

/// The middle of many.
pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Milliseconds.
pub(super) fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
