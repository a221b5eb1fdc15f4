//! What is done to get a valid answer out of an agent: who repairs its form, and how failed turns are retried.

use super::retry::RetryPolicy;

/// Who is asked to put a malformed answer into form, one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepairChain {
    /// The model of each attempt; `None` is the one that the program takes by itself.
    pub models: Vec<Option<String>>,
}

impl Default for RepairChain {
    fn default() -> Self {
        Self { models: vec![None] }
    }
}

/// What is done to get an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Persistence {
    /// `--repair-model`: who puts malformed answers into form.
    pub repair: RepairChain,
    pub retry: RetryPolicy,
}
