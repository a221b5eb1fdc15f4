//! Why comments of the older tool do not count.

use crate::domain::ids::Login;

/// A comment that claims to be the older tool's and does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OlderIgnored {
    /// The forge's id of the comment.
    pub comment: String,
    pub why: OlderReason,
}

/// Why a comment of the older tool does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OlderReason {
    #[error("its author {0} may not write records")]
    Author(Login),
    #[error("it was edited")]
    Edited,
    #[error("it can't be read: {0}")]
    Damaged(String),
    /// It belongs to another flow than the review of a pull request.
    #[error("it belongs to the flow `{0}`")]
    Flow(String),
    /// Prose never names its head, so one comment with data outranks all prose.
    #[error("other comments of the older tool carry data")]
    Superseded,
    /// The same agent spoke in the same round on the same head before.
    #[error("its agent spoke in that round before")]
    Replayed,
}
