//! The setup that the turns of all agents share.

use std::time::Duration;

use crate::adapters::process::exit::Exit;
use crate::adapters::process::supervision::{End, Ended};
use crate::adapters::process::variables::Variables;
use crate::adapters::storage::folders::Folders;
use crate::domain::access::Access;
use crate::domain::correction::LimitPlace;
use crate::domain::failure::TurnFailure;
use crate::domain::usage::Usage;
use crate::ports::agents::{TurnReport, TurnResult};

use super::errors::last_words;

/// The setup that the turns of all agents share.
#[derive(Debug, Clone)]
pub struct TurnHost {
    /// Our own environment, from which those of agents are made.
    pub variables: Variables,
    pub folders: Folders,
    pub limit: TurnLimit,
    /// The time limit of a turn that only reformats an answer.
    pub repair_limit: TurnLimit,
    /// The idle time limit; `None` for no limit.
    pub idle: Option<Duration>,
}

impl TurnHost {
    /// Returns the time limit of a turn, given that of its agent.
    pub(super) fn limit<'limit>(
        &'limit self,
        access: Access,
        own: Option<&'limit TurnLimit>,
    ) -> &'limit TurnLimit {
        match access {
            Access::Edit | Access::Read | Access::ReadAndWeb => own.unwrap_or(&self.limit),
            Access::Nothing => &self.repair_limit,
        }
    }
}

/// The time limit of a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnLimit {
    pub duration: Duration,
    /// Where the limit is set.
    pub place: LimitPlace,
}

impl TurnLimit {
    /// Returns the failure of a turn that took longer.
    pub(super) fn exceeded(&self) -> TurnFailure {
        TurnFailure::Timeout { seconds: self.duration.as_secs(), limit: Some(self.place.clone()) }
    }
}

/// Returns the problem with the end of a program that had answered before.
pub(super) fn late_end(ended: &Ended) -> Option<String> {
    match &ended.end {
        End::Exited(Exit::Code(0)) | End::Cancelled | End::NotStarted(_) | End::Disk(_) => None,
        End::Exited(exit) => {
            let stderr = last_words(&ended.stderr);
            let said = if stderr.is_empty() { String::new() } else { format!(": {stderr}") };
            Some(format!("it answered, and then ended with {exit}{said}"))
        }
        End::TimedOut | End::Hung { .. } => {
            Some("it answered, but did not exit afterwards, and was ended".to_owned())
        }
    }
}

/// Returns the report of a turn that ended before its program was started.
pub(super) fn unstarted(result: TurnResult) -> TurnReport {
    TurnReport::bare(result, Usage { calls: 1, priced_calls: 1, ..Usage::default() })
}
