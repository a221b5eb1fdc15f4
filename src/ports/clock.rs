//! The clock. Wall time is for people and for quota resets; order never depends on it.

use jiff::Timestamp;

/// The time of day, and unique names.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;

    fn sleep_until(&self, instant: Timestamp) -> impl Future<Output = ()> + Send;

    /// Returns letters and digits that nobody can guess.
    fn secret(&self) -> String;

    /// Returns letters and digits that are unique across all machines: the random part of a run's id.
    fn unique(&self) -> String;
}
