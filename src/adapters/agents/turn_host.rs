//! The part of a run's setup that is the same for the turns of all its agents.

use std::time::Duration;

use crate::adapters::process::variables::Variables;
use crate::adapters::storage::folders::Folders;
use crate::domain::access::Access;
use crate::domain::failure::TurnFailure;
use crate::domain::usage::Usage;
use crate::ports::agents::{TurnReport, TurnResult};

/// The setup that is the same for the turns of all agents.
#[derive(Debug, Clone)]
pub struct TurnHost {
    /// Our own environment, from which an agent's is made.
    pub variables: Variables,
    pub folders: Folders,
    /// How long a turn may take.
    pub deadline: Duration,
    /// How long a turn may take that only mends the form of an answer.
    pub repair_deadline: Duration,
    /// How long an agent may be silent without computing; unlimited if absent.
    pub idle: Option<Duration>,
}

impl TurnHost {
    /// Returns how long a turn may take, given the deadline that its agent may have of its own.
    pub(super) fn deadline(&self, access: Access, own: Option<Duration>) -> Duration {
        match access {
            Access::Edit | Access::Read | Access::ReadAndWeb => own.unwrap_or(self.deadline),
            Access::Nothing => self.repair_deadline,
        }
    }
}

/// Returns the report of a turn that failed before anything was started.
pub(super) fn failed(failure: TurnFailure) -> TurnReport {
    let usage = Usage { calls: 1, priced_calls: 1, ..Usage::default() };
    TurnReport::bare(TurnResult::Failed(failure), usage)
}
