//! How often a run called its forge.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The number of calls by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForgeCalls {
    /// Reads with an answer.
    pub reads: u64,
    /// Reads of unchanged data, which do not count towards the limit.
    pub unchanged: u64,
    pub writes: u64,
    /// Queries in GraphQL.
    pub queries: u64,
    /// Calls of any kind that failed.
    pub failed: u64,
}

impl ForgeCalls {
    /// Adds the calls of another command.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            reads: self.reads + other.reads,
            unchanged: self.unchanged + other.unchanged,
            writes: self.writes + other.writes,
            queries: self.queries + other.queries,
            failed: self.failed + other.failed,
        }
    }

    /// Returns the number of all calls.
    pub fn all(&self) -> u64 {
        self.reads + self.unchanged + self.writes + self.queries + self.failed
    }
}

impl fmt::Display for ForgeCalls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reads, unchanged, writes, queries, failed } = self;
        write!(
            formatter,
            "{reads} reads, {unchanged} reads of unchanged data, {writes} writes, {queries} queries, {failed} failed"
        )
    }
}
