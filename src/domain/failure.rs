//! Why a turn gave no answer. A value: the retry policy and the flow decide what follows.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Why a turn failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "class", rename_all = "snake_case", deny_unknown_fields)]
pub enum TurnFailure {
    /// The account's allowance is used up until this instant.
    Quota {
        /// When it comes back.
        resets_at: Timestamp,
    },
    /// The program could not be started.
    Spawn {
        /// What the system said.
        detail: String,
    },
    /// The program ended with another exit code than 0.
    Exit {
        /// Its exit code, or 128 + the signal that ended it.
        code: i32,
        /// The bounded tail of its stderr.
        detail: String,
    },
    /// The turn's time was over, and its processes were ended.
    Timeout {
        /// How long it was allowed to take, in seconds.
        seconds: u64,
    },
    /// The answer does not follow the protocol.
    Malformed {
        /// Every complaint.
        complaints: Vec<String>,
    },
    /// A reviewer altered what it reviewed; its vote is void.
    Tampered {
        /// What was altered.
        what: String,
    },
    /// The answer holds a secret, and was thrown away.
    Secret {
        /// What kinds of secrets.
        kinds: Vec<String>,
    },
    /// A script has no turn left, or names something that is not there.
    Script {
        /// Which.
        detail: String,
    },
    /// The turn was started many times and never came to its end.
    NeverFinished {
        /// How often it was started.
        attempts: u32,
    },
}

impl TurnFailure {
    /// The name of the class, for tables and records.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Quota { .. } => "quota",
            Self::Spawn { .. } => "spawn",
            Self::Exit { .. } => "exit",
            Self::Timeout { .. } => "timeout",
            Self::Malformed { .. } => "malformed",
            Self::Tampered { .. } => "tampered",
            Self::Secret { .. } => "secret",
            Self::Script { .. } => "script",
            Self::NeverFinished { .. } => "never-finished",
        }
    }
}

impl std::fmt::Display for TurnFailure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Quota { resets_at } => write!(formatter, "quota used up until {resets_at}"),
            Self::Spawn { detail } => write!(formatter, "could not be started: {detail}"),
            Self::Exit { code, detail } if detail.is_empty() => {
                write!(formatter, "ended with exit code {code}")
            }
            Self::Exit { code, detail } => write!(formatter, "ended with exit code {code}: {detail}"),
            Self::Timeout { seconds } => write!(formatter, "took longer than {seconds} s and was ended"),
            Self::Malformed { complaints } => {
                write!(formatter, "malformed answer: {}", complaints.join("; "))
            }
            Self::Tampered { what } => write!(formatter, "altered what it reviewed: {what}"),
            Self::Secret { kinds } => {
                write!(formatter, "said a secret ({}); its answer was thrown away", kinds.join(", "))
            }
            Self::Script { detail } => write!(formatter, "script: {detail}"),
            Self::NeverFinished { attempts } => {
                write!(formatter, "was started {attempts} times and never came to its end")
            }
        }
    }
}
