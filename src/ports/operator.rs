//! The operator: the person at the terminal.

use async_trait::async_trait;

use super::run_event::RunEvent;

/// The person at the terminal, or a substitute if there is none.
#[async_trait]
pub trait Operator: Send + Sync {
    /// Reports an event. Must not block.
    fn tell(&self, event: &RunEvent);

    /// Asks questions. The error says why there is no answer.
    async fn ask(&self, questions: &[String]) -> Result<Vec<String>, &'static str>;
}
