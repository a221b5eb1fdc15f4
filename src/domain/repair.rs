//! What was done to get a valid answer out of a malformed one.

use serde::{Deserialize, Serialize};

/// One attempt to get a valid answer out of a malformed one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repair {
    pub remedy: Remedy,
    pub result: RepairResult,
    /// The model that was asked, if one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

/// What is asked for after a malformed answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Remedy {
    /// The same words in the right form, of somebody who sees nothing else.
    Form,
    /// Another answer, of the same agent with everything that it saw before.
    Again,
}

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RepairResult {
    Recovered,
    /// An answer that breaks the rules, or that does not keep what was said.
    Invalid,
    Failed,
}

impl Remedy {
    /// The words for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Form => "asked for the form again",
            Self::Again => "asked again",
        }
    }
}

impl RepairResult {
    /// The words for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Recovered => "recovered",
            Self::Invalid => "invalid",
            Self::Failed => "failed",
        }
    }
}
