//! A review as a forge shows it beside the comment with its record: its text, and findings at lines of the diff.

use super::ids::{CommitSha, ItemId};

/// A review for a forge. Records alone hold the state of a run: it is never read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForgeReview {
    /// The name by which a forge recognises the review: it is published once.
    pub mark: String,
    pub head: CommitSha,
    pub verdict: ForgeVerdict,
    pub body: String,
    pub remarks: Vec<Remark>,
}

/// The effect of a review on the forge's own rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForgeVerdict {
    /// The run approves. One reviewer's approval does not: the forge would count it as that of all.
    Approve,
    RequestChanges,
    Comment,
}

/// A finding at a line of the diff, after the change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    pub item: ItemId,
    pub path: String,
    pub line: u32,
    pub text: String,
}
