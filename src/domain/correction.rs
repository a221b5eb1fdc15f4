//! What a person changes, where the same command would fail in the same way again.

use std::fmt::{self, Display, Formatter};

use serde::{Deserialize, Serialize};

/// The factor by which a proposed time limit is longer than the one that was too short.
const LONGER: u64 = 4;

/// A change after which a command may succeed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Correction {
    /// Resume the run with this flag.
    Flag(String),
    /// Change the setting with this key.
    Setting(String),
    /// Read the output of the command, and correct the command.
    Command,
}

/// The place of a time limit: its flag, or the key of its setting if it has none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LimitPlace {
    Flag(String),
    Setting(String),
}

impl LimitPlace {
    /// Returns the change that allows more time than this number of seconds.
    pub fn longer(&self, seconds: u64) -> Correction {
        match self {
            Self::Flag(flag) => Correction::Flag(format!("{flag} {}", seconds.saturating_mul(LONGER))),
            Self::Setting(key) => Correction::Setting(key.clone()),
        }
    }
}

impl Display for LimitPlace {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => f.write_str(flag),
            Self::Setting(key) => f.write_str(key),
        }
    }
}
