//! The agent memory: facts about the repository for the prompts of agents.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::agent_memory::Briefing;
use crate::domain::ids::CommitSha;

/// The agent memory of a run. A problem is only a warning: agents can work without the memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Briefed {
    pub briefing: Option<Arc<Briefing>>,
    /// The problem, in the first result only.
    pub warning: Option<String>,
}

/// The agent memory of a repository.
#[async_trait]
pub trait AgentMemories: Send + Sync {
    /// Returns the memory for a base commit. It is made at most once; later calls return the same.
    async fn briefing(&self, base: &CommitSha) -> Briefed;

    /// Writes the memory as files into a coder's clone, if that is configured, and returns a warning.
    async fn lay_out(&self, clone: &Path) -> Option<String>;

    /// Returns the folder for these files in a coder's clone, if one is configured.
    fn folder(&self) -> Option<String> {
        None
    }
}
