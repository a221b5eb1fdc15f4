//! What a branch demands of a change before it may be merged into it.

use std::collections::BTreeSet;

/// The demands of a branch. What could not be read is named, so that nobody takes it for "no demands".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BranchRules {
    /// The names of the checks that must pass.
    pub required_checks: BTreeSet<String>,
    /// Whether the change must contain the tip of the branch.
    pub must_be_up_to_date: bool,
    /// How many people must approve.
    pub approvals: u64,
    /// Whether every conversation must be resolved.
    pub must_resolve_conversations: bool,
    /// Whether changes are merged by a queue.
    pub has_merge_queue: bool,
    /// Why some of the demands are unknown, a sentence for each place where they could not be read.
    pub unknown: Vec<String>,
}

impl BranchRules {
    /// Adds the demands of another source: all of them count.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.required_checks.extend(other.required_checks);
        self.must_be_up_to_date |= other.must_be_up_to_date;
        self.approvals = self.approvals.max(other.approvals);
        self.must_resolve_conversations |= other.must_resolve_conversations;
        self.has_merge_queue |= other.has_merge_queue;
        self.unknown.extend(other.unknown);
        self
    }
}
