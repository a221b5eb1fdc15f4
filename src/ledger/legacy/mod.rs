//! Threads of an older tool of the same kind, from before our records: what its reviewers still wanted fixed. No
//! vote is ever taken over.

mod claim;
mod markdown;
mod merge;
mod meta;
mod names;
mod reason;
mod rounds;
mod said;
mod sections;
mod subject;
mod words;

use crate::domain::ids::Login;
use crate::domain::item::CarriedItem;

use super::thread::Posted;
use claim::{Authority, Claim};
pub use reason::{OlderIgnored, OlderReason};
use rounds::OlderRounds;

/// What an older thread leaves to begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Older {
    /// What must still be fixed, in order of appearance.
    pub items: Vec<CarriedItem>,
    pub next_item: u64,
    pub read: usize,
    pub ignored: Vec<OlderIgnored>,
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
    let mut rounds = OlderRounds::default();
    let mut ignored = Vec::new();
    let mut read = 0;
    for (comment, claim) in claims {
        match claim.said(authority).and_then(|said| rounds.take(said)) {
            Ok(()) => read += 1,
            Err(why) => ignored.push(OlderIgnored { comment: comment.to_owned(), why }),
        }
    }
    let (items, next_item) = merge::merge(rounds.as_slice());
    Some(Older { items, next_item, read, ignored })
}

#[cfg(test)]
mod stories;
