//! The efforts to get a valid answer: reformatting and retries.

use super::retry::RetryPolicy;

/// The agents that reformat a malformed answer, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepairChain {
    /// The model of each attempt; `None` for the program's own choice.
    pub models: Vec<Option<String>>,
}

impl Default for RepairChain {
    fn default() -> Self {
        Self { models: vec![None] }
    }
}

/// The efforts to get a valid answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Persistence {
    /// `--repair-model`: the agents that reformat malformed answers.
    pub repair: RepairChain,
    pub retry: RetryPolicy,
}
