//! Flags that renew the agent memory.

use clap::Args;

use crate::adapters::agent_memory::Refresh;

/// Flags that renew the agent memory. They apply to one command, so they are not settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct RefreshArgs {
    /// Rebuild the summary of the repository that agents get
    #[arg(long, conflicts_with = "no-agent-memory")]
    pub refresh_agent_memory: bool,
    /// Rebuild the part of that summary about tests
    #[arg(long, conflicts_with = "no-agent-memory")]
    pub refresh_test_profile: bool,
}

impl RefreshArgs {
    /// Returns the part of the agent memory to renew.
    pub fn refresh(&self) -> Refresh {
        match (self.refresh_agent_memory, self.refresh_test_profile) {
            (true, _) => Refresh::All,
            (false, true) => Refresh::Tests,
            (false, false) => Refresh::AsNeeded,
        }
    }
}
