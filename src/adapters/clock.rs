//! The clock of the operating system, and names that no other process has.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::ports::clock::Clock;

/// The clock of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    async fn sleep_until(&self, instant: Timestamp) {
        // A suspended machine or a turned clock must not stretch the wait: look at the clock every few seconds.
        loop {
            let left = instant.duration_since(self.now());
            if left.is_zero() || left.is_negative() {
                return;
            }
            let step = left.unsigned_abs().min(std::time::Duration::from_secs(5));
            tokio::time::sleep(step).await;
        }
    }

    fn unique(&self) -> String {
        // The standard library seeds its hasher from the operating system's random source.
        use std::hash::{BuildHasher, Hasher, RandomState};
        let random = RandomState::new().build_hasher().finish();
        let digest = Sha256::digest(format!("{random} {} {}", std::process::id(), self.now()));
        digest.iter().take(4).fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
    }
}
