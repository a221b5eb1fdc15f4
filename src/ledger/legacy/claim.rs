//! Which comments claim to be the older tool's, and whether they may be read at all.

use crate::domain::ids::Login;
use crate::protocol::markers;

use super::super::thread::{History, Posted};
use super::reason::OlderReason;
use super::said::Said;
use super::{markdown, meta};

/// What a comment claims to be.
#[derive(Debug)]
pub(super) enum Claim<'thread> {
    /// It carries data that can be read.
    Data(Box<Said>),
    /// It has words and a footer only.
    Words(&'thread str),
    /// It may not be read.
    Refused(OlderReason),
}

/// What a thread is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Authority {
    /// Data. Words never name their head, so one comment with data outranks them all.
    Data,
    /// Words, since nothing carries data.
    Words,
}

impl Authority {
    /// The highest authority among the claims of a thread.
    pub(super) fn among<'claims>(mut claims: impl Iterator<Item = &'claims Claim<'claims>>) -> Self {
        if claims.any(|claim| matches!(claim, Claim::Data(_))) { Self::Data } else { Self::Words }
    }
}

impl<'thread> Claim<'thread> {
    /// What a comment claims, if it claims anything.
    pub(super) fn of(trusted: &[Login], posted: &Posted<'thread>) -> Option<Self> {
        let standing = markers::standing(posted.body);
        let values =
            |name| standing.iter().filter(move |marker| marker.name == name).map(|marker| marker.value);
        let (ours, data): (Vec<&str>, Vec<&str>) = values("AGENT_LOOP_META").partition(|data| is_ours(data));
        if data.is_empty() && (!ours.is_empty() || values("AGENT_STATE").next().is_none()) {
            return None;
        }
        if !trusted.contains(posted.author) {
            return Some(Self::Refused(OlderReason::Author(posted.author.clone())));
        }
        if posted.history == History::Edited {
            return Some(Self::Refused(OlderReason::Edited));
        }
        Some(match (ours.as_slice(), data.as_slice()) {
            ([], []) => Self::Words(posted.body),
            ([], [only]) => meta::read(only).map_or_else(Self::Refused, |said| Self::Data(Box::new(said))),
            (_, _) => Self::Refused(OlderReason::Damaged("more than one line of data".to_owned())),
        })
    }

    /// What the comment says, if it may speak beside the others.
    pub(super) fn said(self, authority: Authority) -> Result<Said, OlderReason> {
        match (self, authority) {
            (Self::Refused(why), _) => Err(why),
            (Self::Data(said), _) => Ok(*said),
            (Self::Words(_), Authority::Data) => Err(OlderReason::Superseded),
            (Self::Words(body), Authority::Words) => markdown::read(body),
        }
    }
}

/// Whether data is of our own format: `v`, a version, a dot. No base64 holds a dot.
fn is_ours(data: &str) -> bool {
    let version = data.strip_prefix('v').and_then(|rest| rest.split_once('.')).map(|(version, _)| version);
    version.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}
