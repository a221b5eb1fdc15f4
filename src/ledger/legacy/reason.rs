//! Why comments of the older tool do not count.

use std::fmt;

use crate::domain::ids::Login;

/// A comment that claims to be the older tool's and does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OlderIgnored {
    /// The forge's id of the comment.
    pub comment: String,
    pub why: OlderReason,
}

/// Why a comment of the older tool does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OlderReason {
    /// Its author is not trusted to write records.
    Author(Login),
    Edited,
    Damaged(String),
    /// It belongs to another flow than the review of a pull request.
    Flow(String),
    /// Its words are not read, since other comments carry data.
    Superseded,
    /// The same agent spoke in the same round on the same head before.
    Replayed,
}

impl fmt::Display for OlderReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Author(login) => write!(formatter, "its author {login} may not write records"),
            Self::Edited => formatter.write_str("it was edited"),
            Self::Damaged(what) => write!(formatter, "it can't be read: {what}"),
            Self::Flow(name) => write!(formatter, "it belongs to the flow `{name}`"),
            Self::Superseded => formatter.write_str("other comments of the older tool carry data"),
            Self::Replayed => formatter.write_str("its agent spoke in that round before"),
        }
    }
}
