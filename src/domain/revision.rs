//! What is approved, without saying what it is: a commit today, a plan's hash tomorrow. Only compared and shown.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::ids::{CommitSha, InvalidName};

/// The name of one state of what is under review. A commit converts into a revision and never back.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Revision(String);

impl Revision {
    /// The beginning of the name, for people.
    pub fn short(&self) -> &str {
        self.0.get(..10).unwrap_or(&self.0)
    }
}

impl From<&CommitSha> for Revision {
    fn from(commit: &CommitSha) -> Self {
        Self(commit.as_str().to_owned())
    }
}

impl PartialEq<CommitSha> for Revision {
    fn eq(&self, commit: &CommitSha) -> bool {
        self.0 == commit.as_str()
    }
}

impl TryFrom<String> for Revision {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, InvalidName> {
        let is_hash = (16..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        if is_hash {
            Ok(Self(text))
        } else {
            Err(InvalidName { kind: "revision", text, expected: "16 to 64 lowercase hexadecimal digits" })
        }
    }
}

impl From<Revision> for String {
    fn from(revision: Revision) -> Self {
        revision.0
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
