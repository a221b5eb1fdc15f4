//! Access to timers, for time limits and grace periods of processes.

use std::time::{Duration, Instant};

/// Waits.
#[expect(clippy::disallowed_methods, reason = "the timer of processes: deadlines and grace periods")]
pub async fn wait(duration: Duration) {
    tokio::time::sleep(duration).await;
}

/// Waits with a time limit; `None` if it was exceeded.
#[expect(clippy::disallowed_methods, reason = "the timer of processes: deadlines and grace periods")]
pub async fn at_most<T>(duration: Duration, future: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(duration, future).await.ok()
}

/// A running stopwatch.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "how long a child took")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    pub fn milliseconds(self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
