//! Time, as the engine gets it. Wall time is for people and for quota resets; order never depends on it.

use jiff::Timestamp;

/// The time of day, and names that nobody else has.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;

    fn sleep_until(&self, instant: Timestamp) -> impl Future<Output = ()> + Send;

    /// Letters and digits that no other call returns, on any machine: the random part of a run's id.
    fn unique(&self) -> String;
}
