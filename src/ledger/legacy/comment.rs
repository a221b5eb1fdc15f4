//! The content of one comment of the older tool, from data or from prose.

use crate::domain::agent::Role;
use crate::domain::ids::{ItemId, Label};
use crate::domain::item_status::{Disposition, ItemStatus};

use super::reason::OlderReason;

/// The maximum number of findings and dispositions in one comment.
const MOST: usize = 10_000;

/// The maximum size of a comment's unpacked data or prose, in bytes.
pub(super) const LARGEST: usize = 1 << 20;

/// The head to which a comment refers. It is only compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Head(pub(super) String);

/// A finding in a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OlderFinding {
    pub(super) id: Option<ItemId>,
    /// The author, if it is not the author of the comment.
    pub(super) reviewer: Option<Label>,
    pub(super) status: ItemStatus,
    /// The text; may be empty.
    pub(super) text: String,
    pub(super) notes: Vec<String>,
}

/// The content of one comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OlderComment {
    /// The forge's id of the comment.
    pub(super) id: String,
    pub(super) speaker: Label,
    /// The role of the author. Only the list of known findings is used from a coder's comment.
    pub(super) role: Role,
    /// The head; prose never names one.
    pub(super) head: Option<Head>,
    pub(super) round: Option<u32>,
    /// The findings that were known before, if the comment lists them.
    pub(super) prior: Option<Vec<OlderFinding>>,
    /// The author's dispositions of known findings.
    pub(super) words: Vec<Disposition>,
    /// New findings.
    pub(super) new: Vec<OlderFinding>,
    /// The number of the next item; 0 if the comment has none.
    pub(super) next_item: u64,
}

impl OlderComment {
    /// Rejects a comment with more findings than any review has.
    pub(super) fn bounded(self) -> Result<Self, OlderReason> {
        let count = self.prior.as_ref().map_or(0, Vec::len) + self.words.len() + self.new.len();
        if count > MOST {
            Err(OlderReason::Damaged(format!("it holds more than {MOST} items")))
        } else {
            Ok(self)
        }
    }

    /// Returns whether the author is a reviewer.
    pub(super) fn is_review(&self) -> bool {
        match self.role {
            Role::Reviewer => true,
            Role::Coder | Role::Repair | Role::Debater | Role::Analyzer => false,
        }
    }

    /// Returns the ids of all findings in the comment.
    pub(super) fn ids(&self) -> impl Iterator<Item = &ItemId> {
        let findings = self.prior.iter().flatten().chain(&self.new);
        findings.filter_map(|finding| finding.id.as_ref()).chain(self.words.iter().map(|word| &word.item))
    }
}
