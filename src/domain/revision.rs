//! The revision under review, without its kind: a commit, or the hash of a plan. Revisions are only compared and shown.

use serde::{Deserialize, Serialize};

use super::ids::{CommitSha, PlanHash, is_lower_hex, name};

name!(
    /// The hash of one state of what is under review. Commits and plan hashes convert into a revision and never back.
    Revision, "revision", "16 to 64 lowercase hexadecimal digits", |text| {
        (16..=64).contains(&text.len()) && is_lower_hex(text)
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
