//! INT and TERM: the first signal asks for a clean stop, the second for an immediate end.

use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::ports::cancellation::{Canceller, Urgency};

/// Forwards signals as long as it is polled; never returns.
pub async fn listen(canceller: Arc<Canceller>) {
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    signalled(&mut interrupt, &mut terminate).await;
    canceller.raise(Urgency::Stop);
    signalled(&mut interrupt, &mut terminate).await;
    canceller.raise(Urgency::Kill);
    std::future::pending::<()>().await;
}

async fn signalled(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
