//! The person at the terminal, if there is one.

use super::run_event::RunEvent;

/// The person at the terminal, or the lack of one.
pub trait Operator: Send + Sync {
    /// Tells what happened. Must not block.
    fn tell(&self, event: &RunEvent);

    /// Asks a person; absent when nobody is there to be asked.
    fn ask(&self, questions: &[String]) -> impl Future<Output = Option<Vec<String>>> + Send;
}
