//! The reasons why comments of the older tool are ignored.

use crate::domain::ids::Login;

/// An ignored comment of the older tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OlderIgnored {
    /// The forge's id of the comment.
    pub comment: String,
    pub why: OlderReason,
}

/// The reason why a comment of the older tool is ignored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OlderReason {
    #[error("its author {0} may not write records")]
    Author(Login),
    #[error("it was edited")]
    Edited,
    #[error("it cannot be read: {0}")]
    Damaged(String),
    /// The comment belongs to another flow than the one that is read.
    #[error("it belongs to the flow `{0}`")]
    Flow(String),
    /// Prose never names its head, so one comment with data outranks all prose.
    #[error("other comments of the older tool hold data")]
    Superseded,
    /// A later comment is by the same agent, for the same round and head.
    #[error("a later comment of its agent is for the same round")]
    Replaced,
}
