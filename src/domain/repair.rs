//! Attempts to get a valid answer after a malformed one.

use serde::{Deserialize, Serialize};

/// One attempt to get a valid answer after a malformed one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repair {
    pub remedy: Remedy,
    pub result: RepairResult,
    /// The model that was requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

/// The request that follows a malformed answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Remedy {
    /// Reformat the answer: the agent sees nothing else.
    Form,
    /// Answer again: the same agent sees the whole question.
    Again,
}

/// The result of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RepairResult {
    Recovered,
    /// The new answer breaks the rules, or changes the meaning of the first one.
    Invalid,
    Failed,
}
