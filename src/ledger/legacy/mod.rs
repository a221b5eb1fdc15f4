//! Imports threads of an older tool of the same kind: the findings that its reviewers still wanted fixed, and never a vote.

mod comment;
mod flow;
mod markdown;
mod merge;
mod meta;
mod names;
mod reason;
mod rounds;
mod sections;
mod words;

use crate::domain::ids::Login;
use crate::domain::item::CarriedItem;
use crate::protocol::markers;

use super::thread::{History, Posted};
use comment::OlderComment;
pub use flow::OlderFlow;
pub use reason::{OlderIgnored, OlderReason};
use rounds::Round;

/// The findings of an older thread with which a new run starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Older {
    /// The open findings in order of appearance.
    pub items: Vec<CarriedItem>,
    pub next_item: u64,
    /// The number of comments that were read.
    pub read: usize,
    pub ignored: Vec<OlderIgnored>,
}

/// The kind of content in a comment of the older tool.
enum Claim<'thread> {
    Data(OlderComment),
    /// Prose with a footer, without data.
    Prose(&'thread str),
    Refused(OlderReason),
}

/// Reads a thread's comments in forge order; `None` if none of them claims to be of the older tool. Comments of untrusted
/// authors change only `ignored`.
pub fn read(flow: OlderFlow, trusted: &[Login], thread: &[Posted<'_>]) -> Option<Older> {
    let claims: Vec<(&str, Claim<'_>)> =
        thread.iter().filter_map(|posted| Some((posted.id, claim(flow, trusted, posted)?))).collect();
    if claims.is_empty() {
        return None;
    }
    let has_data = claims.iter().any(|(_, claim)| matches!(claim, Claim::Data(_)));
    let mut rounds: Vec<Round> = Vec::new();
    let mut ignored = Vec::new();
    for (comment, claim) in claims {
        let content = match claim {
            Claim::Refused(why) => Err(why),
            Claim::Data(data) => Ok(data),
            Claim::Prose(_) if has_data => Err(OlderReason::Superseded),
            Claim::Prose(body) => markdown::read(comment, body),
        };
        match content.map(|content| rounds::take(&mut rounds, content)) {
            Ok(None) => {}
            Ok(Some(replaced)) => {
                ignored.push(OlderIgnored { comment: replaced.id, why: OlderReason::Replaced });
            }
            Err(why) => ignored.push(OlderIgnored { comment: comment.to_owned(), why }),
        }
    }
    let read = rounds.iter().map(|round| round.said.len()).sum();
    let (items, next_item) = merge::merge(&rounds);
    Some(Older { items, next_item, read, ignored })
}

fn claim<'thread>(flow: OlderFlow, trusted: &[Login], posted: &Posted<'thread>) -> Option<Claim<'thread>> {
    let standing = markers::standing(posted.body);
    let values = |name| standing.iter().filter(move |marker| marker.name == name).map(|marker| marker.value);
    let (ours, data): (Vec<&str>, Vec<&str>) = values("AGENT_LOOP_META").partition(|data| is_ours(data));
    if data.is_empty() && (!ours.is_empty() || values("AGENT_STATE").next().is_none()) {
        return None;
    }
    if !trusted.contains(posted.author) {
        return Some(Claim::Refused(OlderReason::Author(posted.author.clone())));
    }
    if posted.history == History::Edited {
        return Some(Claim::Refused(OlderReason::Edited));
    }
    Some(match (ours.as_slice(), data.as_slice()) {
        ([], []) => Claim::Prose(posted.body),
        ([], [only]) => meta::read(posted.id, only, flow).map_or_else(Claim::Refused, Claim::Data),
        (_, _) => Claim::Refused(OlderReason::Damaged("more than one line of data".to_owned())),
    })
}

/// Returns whether data has our own format: `v`, a version, a dot. Base64 contains no dot.
fn is_ours(data: &str) -> bool {
    let version = data.strip_prefix('v').and_then(|rest| rest.split_once('.')).map(|(version, _)| version);
    version.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod stories;
