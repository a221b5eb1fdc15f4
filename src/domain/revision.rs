//! The revision under review: a commit, the hash of a plan, or the hash of a topic. Revisions are only compared and shown.

use serde::{Deserialize, Serialize};

use super::ids::{CommitSha, PlanHash, is_lower_hex, name};

name!(
    /// The hash of one state of what is under review. Commits and plan hashes convert into a revision and never back.
    Revision, "revision", "16 to 64 lowercase hexadecimal digits", |text| {
        (16..=64).contains(&text.len()) && is_lower_hex(text)
    }
);

/// What a reviewer votes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevisionKind {
    Plan,
    Commit,
}

/// The number of digits in the hash of a plan; every commit has more.
const PLAN_DIGITS: usize = 16;

impl Revision {
    /// Returns what a reviewer's revision is.
    pub fn kind(&self) -> RevisionKind {
        if self.0.len() == PLAN_DIGITS { RevisionKind::Plan } else { RevisionKind::Commit }
    }

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
