//! Cancellation: code that waits for a child process observes it, ends the child, and returns.

use tokio::sync::watch;

/// The urgency of a cancellation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    GoOn,
    /// End children with SIGTERM, and keep their work.
    Stop,
    Kill,
}

/// The side that cancels.
#[derive(Debug)]
pub struct Canceller(watch::Sender<Urgency>);

/// The side that observes the cancellation. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Cancellation(watch::Receiver<Urgency>);

/// Creates a pair of both sides without a cancellation.
pub fn cancellation() -> (Canceller, Cancellation) {
    let (sender, receiver) = watch::channel(Urgency::GoOn);
    (Canceller(sender), Cancellation(receiver))
}

impl Canceller {
    /// Raises the urgency. It never decreases.
    pub fn raise(&self, urgency: Urgency) {
        self.0.send_if_modified(|current| {
            let rises = urgency > *current;
            if rises {
                *current = urgency;
            }
            rises
        });
    }
}

impl Cancellation {
    pub fn urgency(&self) -> Urgency {
        *self.0.borrow()
    }

    /// Waits until the urgency is at least this; forever if the other side was dropped. Safe to drop.
    pub async fn reached(&mut self, urgency: Urgency) {
        if self.0.wait_for(|current| *current >= urgency).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
