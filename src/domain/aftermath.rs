//! What follows a turn that failed, for whoever watches. The flow decides it; this is only told.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What follows a turn that failed, as far as nobody ends the run meanwhile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Aftermath {
    /// The same question is put again.
    AskedAgain {
        /// So many seconds after the failure, or a little later.
        seconds: u64,
        not_before: Timestamp,
    },
    /// The next model of the chain is asked.
    NextModel { model: String },
    /// The same agent is asked once more, and is told what was wrong.
    Corrected,
    /// Somebody puts the answer into form.
    PutIntoForm,
    /// The run is parked until this instant, unless something else ends it.
    Parked {
        /// When it may go on.
        until: Timestamp,
    },
    /// It is not asked again.
    Nothing,
}
