//! What agents are told of a repository before they look into it.

use std::path::Path;
use std::sync::Arc;

use crate::domain::agent_memory::Briefing;
use crate::domain::ids::CommitSha;

/// What is known. It is an aid and never a reason to fail, so there is no error: only a word on what went wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Briefed {
    /// What agents are told, if there is anything.
    pub briefing: Option<Arc<Briefing>>,
    /// What went wrong on the way, said once.
    pub warning: Option<String>,
}

/// What is known of a repository.
pub trait AgentMemories: Send + Sync {
    /// What is known, as far as it goes for a base. Made at most once; later calls give the same.
    fn briefing(&self, base: &CommitSha) -> impl Future<Output = Briefed> + Send;

    /// Lays it as files into a coder's clone, if that is wanted. Says what went wrong.
    fn lay_out(&self, clone: &Path) -> impl Future<Output = Option<String>> + Send;

    /// The folder in a coder's clone into which it is laid, if that is wanted.
    fn folder(&self) -> Option<String> {
        None
    }
}
