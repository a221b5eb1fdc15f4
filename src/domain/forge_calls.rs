//! How often a run called its forge.

use serde::{Deserialize, Serialize};

/// The number of calls, by what they did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForgeCalls {
    /// Reads that brought something.
    pub reads: u64,
    /// Reads of what had not changed, which no limit counts.
    pub unchanged: u64,
    /// Writes.
    pub writes: u64,
    /// Queries in GraphQL.
    pub queries: u64,
    /// Calls of any kind that failed.
    pub failed: u64,
}

impl ForgeCalls {
    /// Returns the number of all calls.
    pub fn all(&self) -> u64 {
        self.reads + self.unchanged + self.writes + self.queries + self.failed
    }
}
