//! The clock of the operating system, and unique names.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use jiff::Timestamp;

use crate::domain::digest;
use crate::ports::clock::Clock;

/// The interval between two reads of the clock during a wait.
const LOOK: Duration = Duration::from_secs(5);

fn time_until(until: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(until.duration_since(now)).unwrap_or_default()
}

/// Returns a number from the random source of the operating system, by which the standard library seeds its hashers.
fn random() -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    RandomState::new().build_hasher().finish()
}

/// The clock of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    async fn sleep_until(&self, instant: Timestamp) {
        // A suspended machine does not count time, and the clock may be changed. Neither may extend the wait: the clock is read
        // every few seconds, and the wait ends at the latest after the originally remaining time.
        let counted = Instant::now();
        let whole = time_until(instant, self.now());
        loop {
            let step = time_until(instant, self.now()).min(whole.saturating_sub(counted.elapsed()));
            if step.is_zero() {
                return;
            }
            tokio::time::sleep(step.min(LOOK)).await;
        }
    }

    fn secret(&self) -> String {
        // The keys of one thread's hashers differ by a counter only, so each half is made in a separate thread.
        let half = || std::thread::spawn(random).join().unwrap_or_else(|_| random());
        digest::sha256(format!("{:016x}{:016x} {} {}", half(), half(), std::process::id(), self.now()))
    }

    fn unique(&self) -> String {
        digest::abbreviated(format!("{} {} {}", random(), std::process::id(), self.now()), 8)
    }
}
