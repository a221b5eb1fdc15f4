//! The word to stop, as a message: whoever waits for a child hears it, ends the child, and returns.

use tokio::sync::watch;

/// How urgently to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    GoOn,
    /// End children politely, keep their work.
    Stop,
    Kill,
}

/// The side that says stop.
#[derive(Debug)]
pub struct Canceller(watch::Sender<Urgency>);

/// The side that listens. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Cancellation(watch::Receiver<Urgency>);

/// A pair of both sides, in which nobody has asked to stop.
pub fn cancellation() -> (Canceller, Cancellation) {
    let (sender, receiver) = watch::channel(Urgency::GoOn);
    (Canceller(sender), Cancellation(receiver))
}

impl Canceller {
    /// Raises the urgency; it never falls.
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

    /// Waits until at least this urgency is asked for; forever, if the other side is gone. Safe to drop.
    pub async fn reached(&mut self, urgency: Urgency) {
        if self.0.wait_for(|current| *current >= urgency).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
