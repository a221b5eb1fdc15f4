//! The content of recorded answers, for any kind: reviews of a change or of a plan, and the coder's replies. Records hold
//! answers unchanged; the fold of a flow reads them through these two traits.

use crate::domain::ids::ItemId;

use super::findings::{Judgement, ReviewContent};
use super::kinds::Kind;
use super::placeholder::says_nothing;

/// A kind of answer that approves or blocks.
pub trait ReviewKind: Kind<Meaning = Judgement> {
    /// Returns the review's verdict, new findings and dispositions.
    fn content(&self) -> ReviewContent<'_>;
}

/// A kind of answer by which the coder replies to reviews.
pub trait ReplyKind: Kind {
    /// Returns the coder's statements about single items.
    fn reply(&self) -> Reply;
}

/// The coder's statements about single items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// How items were addressed, or why they are left open.
    pub notes: Vec<ItemNote>,
    /// Objections, each with its evidence.
    pub disputes: Vec<ItemNote>,
}

impl Reply {
    /// Keeps the statements about items for which `is_kept` is true.
    #[must_use]
    pub(super) fn about(mut self, is_kept: impl Fn(&ItemId) -> bool) -> Self {
        for notes in [&mut self.notes, &mut self.disputes] {
            notes.retain(|note| is_kept(&note.item));
        }
        self
    }
}

/// A text about one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemNote {
    pub item: ItemId,
    pub text: String,
}

impl ItemNote {
    /// Returns `None` for an id that no item can have.
    pub(super) fn new(id: &str, text: &str) -> Option<Self> {
        let item = id.parse().ok().filter(|_| !says_nothing(text))?;
        Some(Self { item, text: text.to_owned() })
    }
}
