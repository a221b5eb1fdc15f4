//! The clock. Wall time is for people and for quota resets; order never depends on it.

use async_trait::async_trait;
use jiff::Timestamp;

/// The time of day, and unique names.
#[async_trait]
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;

    async fn sleep_until(&self, instant: Timestamp) -> ();

    /// Returns letters and digits that nobody can guess.
    fn secret(&self) -> String;

    /// Returns letters and digits that are unique across all machines: the random part of a run's id.
    fn unique(&self) -> String;
}
