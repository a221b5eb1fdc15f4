//! What one comment of the older tool says, whether it says so in data or in words.

use crate::domain::agent::Role;
use crate::domain::ids::{ItemId, Label};
use crate::domain::item_status::{Disposition, ItemStatus};

use super::reason::OlderReason;

/// The most findings and words on findings that one comment may hold.
const MOST: usize = 10_000;

/// The largest text that is looked at, in bytes: the data of a comment unpacked, or its words.
pub(super) const LARGEST: usize = 1 << 20;

/// The head that a comment is about. Opaque: it is only compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Head(pub(super) String);

/// A finding, as a comment names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OlderFinding {
    /// Its name, if it has one.
    pub(super) id: Option<ItemId>,
    /// Who raised it, if that is another than the speaker.
    pub(super) reviewer: Option<Label>,
    pub(super) standing: ItemStatus,
    /// What it says; may be empty.
    pub(super) text: String,
    /// What was said about it.
    pub(super) notes: Vec<String>,
}

/// What one comment says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OlderComment {
    pub(super) speaker: Label,
    /// As what. A coder's words move nothing; only the list of what it was given counts.
    pub(super) role: Role,
    /// On which head; words never name one.
    pub(super) head: Option<Head>,
    /// In which round, if the comment says so.
    pub(super) round: Option<u32>,
    /// The findings that were known before, if the comment lists them.
    pub(super) prior: Option<Vec<OlderFinding>>,
    /// The speaker's words on known findings.
    pub(super) words: Vec<Disposition>,
    /// The findings that it opens.
    pub(super) new: Vec<OlderFinding>,
    /// The number of the next item, as far as the comment knows; 0 if it does not say.
    pub(super) next_item: u64,
}

impl OlderComment {
    /// The comment, unless it holds more than any review does.
    pub(super) fn bounded(self) -> Result<Self, OlderReason> {
        let held = self.prior.as_ref().map_or(0, Vec::len) + self.words.len() + self.new.len();
        if held > MOST {
            Err(OlderReason::Damaged(format!("it holds more than {MOST} items")))
        } else {
            Ok(self)
        }
    }

    /// Whether these are a reviewer's words.
    pub(super) fn is_review(&self) -> bool {
        match self.role {
            Role::Reviewer => true,
            Role::Coder | Role::Repair | Role::Debater | Role::Analyzer => false,
        }
    }

    /// Every name that it gives to a finding.
    pub(super) fn ids(&self) -> impl Iterator<Item = &ItemId> {
        let findings = self.prior.iter().flatten().chain(&self.new);
        findings.filter_map(|finding| finding.id.as_ref()).chain(self.words.iter().map(|word| &word.item))
    }
}
