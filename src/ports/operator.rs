//! The operator: the person at the terminal.

use super::run_event::RunEvent;

/// The person at the terminal, or a substitute if there is none.
pub trait Operator: Send + Sync {
    /// Reports an event. Must not block.
    fn tell(&self, event: &RunEvent);

    /// Asks questions. The error says why there is no answer.
    fn ask(&self, questions: &[String]) -> impl Future<Output = Result<Vec<String>, &'static str>> + Send;
}
