//! Work during which signals are heard and the terminal is redrawn.

use std::sync::Arc;

use crate::cli::view::terminal::Terminal;
use crate::ports::cancellation::Canceller;

use super::signals;

/// Returns the result of the work; `None` if it did not end by itself.
pub async fn attended<T>(
    work: impl Future<Output = T>,
    canceller: Arc<Canceller>,
    terminal: &Terminal,
) -> Option<T> {
    let done = tokio::select! {
        done = work => Some(done),
        () = signals::listen(canceller) => None,
        () = terminal.beat() => None,
    };
    terminal.end();
    done
}
