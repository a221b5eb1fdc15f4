//! Threads of an older tool of the same kind, from before our records: what its reviewers still wanted fixed. No
//! vote is ever taken over.

mod claim;
mod markdown;
mod merge;
mod meta;
mod names;
mod rounds;
mod said;
mod sections;
mod subject;
mod words;

use std::fmt;

use crate::domain::ids::Login;
use crate::domain::item::CarriedItem;

use super::thread::Posted;
use claim::{Authority, Claim};
use rounds::Rounds;

/// What an older thread leaves to begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Older {
    /// What must still be fixed, in order of appearance.
    pub items: Vec<CarriedItem>,
    /// The number of the next item.
    pub next_item: u64,
    /// How many comments were read.
    pub read: usize,
    pub ignored: Vec<Ignored>,
}

/// A comment that claims to be the older tool's and does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignored {
    /// The forge's id of the comment.
    pub comment: String,
    /// Why it does not count.
    pub why: Why,
}

/// Why a comment of the older tool does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
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

impl fmt::Display for Why {
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

/// Reads a thread's comments in forge order. `None`: nothing in it claims to be an older tool's. A comment that is
/// not trusted changes nothing but `ignored`.
pub fn read(trusted: &[Login], thread: &[Posted<'_>]) -> Option<Older> {
    let claims: Vec<(&str, Claim<'_>)> =
        thread.iter().filter_map(|posted| Some((posted.id, Claim::of(trusted, posted)?))).collect();
    if claims.is_empty() {
        return None;
    }
    let authority = Authority::among(claims.iter().map(|(_, claim)| claim));
    let mut rounds = Rounds::default();
    let mut ignored = Vec::new();
    let mut read = 0;
    for (comment, claim) in claims {
        match claim.said(authority).and_then(|said| rounds.take(said)) {
            Ok(()) => read += 1,
            Err(why) => ignored.push(Ignored { comment: comment.to_owned(), why }),
        }
    }
    let (items, next_item) = merge::merge(rounds.as_slice());
    Some(Older { items, next_item, read, ignored })
}

#[cfg(test)]
mod stories;
