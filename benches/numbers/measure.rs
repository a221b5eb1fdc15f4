//! A number with its limit, and the middle of many.

use std::fmt;
use std::time::{Duration, Instant};

/// What was measured, against what it may be.
pub(super) struct Number {
    /// What it is.
    pub(super) name: &'static str,
    /// What was measured.
    pub(super) value: f64,
    /// What it may be at most.
    pub(super) limit: f64,
    /// In what.
    pub(super) unit: &'static str,
}

impl Number {
    /// Whether it is within its limit.
    pub(super) fn holds(&self) -> bool {
        self.value <= self.limit
    }
}

impl fmt::Display for Number {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, value, limit, unit } = self;
        let verdict = if self.holds() { "" } else { "  BROKEN" };
        write!(
            formatter,
            "{name}: {value:.2} {unit} (limit {limit} {unit}, ratio {:.2}){verdict}",
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
