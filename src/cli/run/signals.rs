//! The signals that end a run: the first one requests a clean stop, the second an immediate one. Closing the terminal is such
//! a signal too.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::adapters::process::signal::{FILE_SIZE, is_ignored};
use crate::ports::cancellation::{Canceller, Urgency};

/// The signals that end a process without a handler.
const STOPPING: [fn() -> SignalKind; 4] =
    [SignalKind::interrupt, SignalKind::terminate, SignalKind::hangup, SignalKind::quit];

/// Forwards signals as long as it is polled; never returns. A signal of the terminal that was ignored at the start stays
/// ignored: `nohup` ignores SIGHUP, and a script ignores SIGINT for its background commands. SIGTERM always counts.
pub async fn listen(canceller: Arc<Canceller>) {
    let is_heard = |kind: &SignalKind| *kind == SignalKind::terminate() || !is_ignored(kind.as_raw_value());
    let heard = STOPPING.iter().map(|kind| kind()).filter(is_heard);
    let mut heard: Vec<Signal> = heard.filter_map(|kind| signal(kind).ok()).collect();
    // At the limit of a log's file size (`ulimit -f`) the write fails; the process does not end.
    let _file_size = signal(SignalKind::from_raw(FILE_SIZE));
    for urgency in [Urgency::Stop, Urgency::Kill] {
        poll_fn(|context| {
            let came =
                heard.iter_mut().any(|signal| matches!(signal.poll_recv(context), Poll::Ready(Some(()))));
            if came { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        canceller.raise(urgency);
    }
    std::future::pending::<()>().await;
}
