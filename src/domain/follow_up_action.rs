//! The action that follows a failed turn, for events. The flow decides on it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The action that follows a failed turn, unless the run ends first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case", deny_unknown_fields)]
pub enum FollowUpAction {
    /// The same question is asked again.
    AskedAgain {
        /// The delay after the failure, at least.
        seconds: u64,
        not_before: Timestamp,
    },
    /// The next model of the chain is asked.
    NextModel { model: String },
    /// The same agent is asked once more, with a list of the errors.
    Corrected,
    /// An agent is asked to reformat the answer.
    PutIntoForm,
    /// The run is parked until this instant.
    Parked { until: Timestamp },
    /// The agent is not asked again.
    Nothing,
}
