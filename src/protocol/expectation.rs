//! What an answer is measured against, and what is said when it falls short: path, what was expected, what was found.

use std::fmt;

use crate::domain::agent::ResponseKind;
use crate::domain::disposition::Standing;
use crate::domain::ids::ItemId;

/// An item as it was shown to the agent who answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownItem {
    /// Its id.
    pub id: ItemId,
    /// Where it stood when it was shown.
    pub standing: Standing,
    /// Who may say what about it.
    pub owner: Owner,
}

/// Who raised a shown item, which decides what may be said about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// A reviewer of the roster: reviewers dispose of it, the coder may dispute it.
    Reviewer,
    /// A reviewer who is no longer on the roster: reviewers dispose of it, nobody can be disputed with.
    FormerReviewer,
    /// A gate: only the gate itself resolves it.
    Gate,
}

/// What an answer is measured against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// The kind that was asked for.
    pub kind: ResponseKind,
    /// The items that were shown.
    pub shown: Vec<ShownItem>,
}

/// One thing that is wrong with an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// The JSON pointer of the place; empty for the whole answer.
    pub path: String,
    /// What should stand there.
    pub expected: String,
    /// What stands there.
    pub found: String,
}

impl Complaint {
    /// A complaint about one place.
    pub fn new(path: impl Into<String>, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self { path: path.into(), expected: expected.into(), found: found.into() }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "the answer" } else { &self.path };
        write!(formatter, "{path}: expected {}, found {}", self.expected, self.found)
    }
}
