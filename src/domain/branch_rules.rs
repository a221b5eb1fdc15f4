//! The rules of a branch for changes that are merged into it.

use std::collections::BTreeSet;

/// The rules of a branch. Rules that could not be read are named, so that they are not taken for absent ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BranchRules {
    /// The names of the checks that must pass.
    pub required_checks: BTreeSet<String>,
    /// Whether the change must contain the tip of the branch.
    pub must_be_up_to_date: bool,
    /// The number of people who must approve.
    pub approvals: u64,
    /// Whether every conversation must be resolved.
    pub must_resolve_conversations: bool,
    /// Whether changes are merged by a queue.
    pub has_merge_queue: bool,
    /// The reasons why some of the rules are unknown, one sentence for each source that could not be read.
    pub unknown: Vec<String>,
}

impl BranchRules {
    /// Adds the rules of another source: all of them apply.
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
