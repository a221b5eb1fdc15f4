//! The revision under review: a commit, the hash of a plan, or the hash of a topic. Revisions are only compared and shown.

use serde::{Deserialize, Serialize};

use super::ids::{CommitSha, PlanHash, is_lower_hex, name};
use super::word_list::word_list;

name!(
    /// The hash of one state of what is under review. Commits and plan hashes convert into a revision and never back.
    Revision, "revision", "16 to 64 lowercase hexadecimal digits", |text| {
        (16..=64).contains(&text.len()) && is_lower_hex(text)
    }
);

word_list!(
    /// What the voters of a flow vote on.
    #[derive(Default)]
    RevisionKind {
        #[default]
        Commit = "commit",
        Plan = "plan",
        Topic = "topic",
    }
);

impl Revision {
    /// Returns the first 7 digits, for messages.
    pub fn short(&self) -> &str {
        self.0.get(..7).unwrap_or(&self.0)
    }
}

impl From<&CommitSha> for Revision {
    fn from(commit: &CommitSha) -> Self {
        Self(commit.as_str().to_owned())
    }
}

impl From<&PlanHash> for Revision {
    fn from(plan: &PlanHash) -> Self {
        Self(plan.as_str().to_owned())
    }
}

impl PartialEq<CommitSha> for Revision {
    fn eq(&self, commit: &CommitSha) -> bool {
        self.0 == commit.as_str()
    }
}
