//! The operator: the person at the terminal.

use super::run_event::RunEvent;

/// The person at the terminal, or a substitute if there is none.
pub trait Operator: Send + Sync {
    /// Reports an event. Must not block.
    fn tell(&self, event: &RunEvent);

    /// Asks questions; `None` if no person can answer.
    fn ask(&self, questions: &[String]) -> impl Future<Output = Option<Vec<String>>> + Send;
}
