//! From the comments of a thread to the records that count: author, version, place in the chain. Everything that does
//! not count is named with its reason and changes nothing.

use std::collections::BTreeSet;
use std::fmt;

use crate::domain::ids::{ChainHash, Login, RecordId};

use super::chain::Chain;
use super::codec::{self, Content, Decoded};
use super::payload::EarlierVotes;
use super::record::{Payload, Record};

/// A comment, as far as the ledger looks at it.
#[derive(Debug, Clone, Copy)]
pub struct Posted<'thread> {
    /// The forge's id of it.
    pub id: &'thread str,
    pub author: &'thread Login,
    pub body: &'thread str,
    /// Whether it was changed after it was written.
    pub history: History,
}

/// Whether a comment was changed after it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum History {
    /// It stands as it was written.
    Unedited,
    Edited,
}

/// A comment that claims to be a record and does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignored {
    /// The forge's id of the comment.
    pub comment: String,
    /// Why it does not count.
    pub why: Why,
}

/// Why a comment does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// Its author is not trusted to write records.
    Author(Login),
    /// It was edited, and no later record vouches for it.
    Edited,
    Damaged(String),
    /// The same record stands before it.
    Duplicate(RecordId),
    /// Another record took its place first.
    Superseded,
    /// The record before it is missing.
    Unlinked,
}

impl Why {
    /// Whether somebody or something is at fault. A late write leaves the same record twice, and nobody is.
    pub fn is_cause(&self) -> bool {
        match self {
            Self::Duplicate(_) => false,
            Self::Author(_) | Self::Edited | Self::Damaged(_) | Self::Superseded | Self::Unlinked => true,
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Author(login) => write!(formatter, "its author {login} may not write records"),
            Self::Edited => formatter.write_str("it was edited"),
            Self::Damaged(what) => write!(formatter, "it can't be read: {what}"),
            Self::Duplicate(id) => write!(formatter, "record {id} stands before it"),
            Self::Superseded => formatter.write_str("another record took its place first"),
            Self::Unlinked => formatter.write_str("the record before it is missing"),
        }
    }
}

/// Whether the chain is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Continuity {
    Whole,
    /// Records are missing since the last time that every reviewer was asked anew.
    Broken,
}

/// What a thread says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// The records that count, in order.
    pub records: Vec<Record>,
    /// The `prev` of the next record.
    pub tail: ChainHash,
    pub ignored: Vec<Ignored>,
    pub continuity: Continuity,
    /// A version of the format that this program does not know, if a trusted record has one.
    pub newer: Option<u64>,
}

/// Reads a thread's comments in forge order.
pub fn replay(chain: &Chain, trusted: &[Login], thread: &[Posted<'_>]) -> Replay {
    let read: Vec<(Posted<'_>, Content)> =
        thread.iter().map(|posted| (*posted, codec::read(posted.body))).collect();
    let vouched: BTreeSet<&ChainHash> = read
        .iter()
        .filter(|(posted, _)| trusted.contains(posted.author))
        .filter_map(|(_, content)| match content {
            Content::Record(decoded) => Some(&decoded.record.prev),
            Content::NoRecord | Content::Newer(_) | Content::Damaged(_) => None,
        })
        .collect();
    let mut reader = Reader::new(chain);
    for (posted, content) in &read {
        match content {
            Content::NoRecord => {}
            Content::Record(decoded) if !belongs(chain, &decoded.record) => {}
            Content::Record(_) | Content::Newer(_) | Content::Damaged(_)
                if !trusted.contains(posted.author) =>
            {
                reader.ignore(posted, Why::Author(posted.author.clone()));
            }
            Content::Newer(version) => {
                reader.replay.newer = reader.replay.newer.max(Some(*version));
            }
            Content::Damaged(what) => {
                reader.ignore(posted, Why::Damaged(what.clone()));
                reader.replay.continuity = Continuity::Broken;
            }
            Content::Record(decoded) => {
                let edited = posted.history == History::Edited && !vouched.contains(&decoded.hash);
                reader.take(posted, decoded, edited.then_some(Why::Edited));
            }
        }
    }
    reader.replay
}

fn belongs(chain: &Chain, record: &Record) -> bool {
    record.payload.flow() == chain.flow && record.subject == chain.subject
}

struct Reader {
    replay: Replay,
    /// Every `prev` that was a tail once: a record that names one of them came too late.
    passed: BTreeSet<ChainHash>,
    ids: BTreeSet<RecordId>,
}

impl Reader {
    fn new(chain: &Chain) -> Self {
        let replay = Replay {
            records: Vec::new(),
            tail: chain.start(),
            ignored: Vec::new(),
            continuity: Continuity::Whole,
            newer: None,
        };
        Self { replay, passed: BTreeSet::new(), ids: BTreeSet::new() }
    }

    fn ignore(&mut self, posted: &Posted<'_>, why: Why) {
        self.replay.ignored.push(Ignored { comment: posted.id.to_owned(), why });
    }

    fn take(&mut self, posted: &Posted<'_>, decoded: &Decoded, objection: Option<Why>) {
        let record = &decoded.record;
        if self.ids.contains(&record.id) {
            self.ignore(posted, Why::Duplicate(record.id.clone()));
        } else if self.passed.contains(&record.prev) {
            self.ignore(posted, Why::Superseded);
        } else if record.prev != self.replay.tail {
            self.ignore(posted, Why::Unlinked);
            self.replay.continuity = Continuity::Broken;
        } else if let Some(why) = objection {
            self.ignore(posted, why);
            self.replay.continuity = Continuity::Broken;
        } else {
            self.accept(decoded);
        }
    }

    fn accept(&mut self, decoded: &Decoded) {
        self.passed.insert(std::mem::replace(&mut self.replay.tail, decoded.hash.clone()));
        self.ids.insert(decoded.record.id.clone());
        if asks_anew(&decoded.record.payload) {
            self.replay.continuity = Continuity::Whole;
        }
        self.replay.records.push(decoded.record.clone());
    }
}

fn asks_anew(payload: &Payload) -> bool {
    match payload {
        Payload::Opened(opened) => opened.votes == EarlierVotes::AskedAnew,
        Payload::Started(_) | Payload::Delivered(_) | Payload::DeliveryConcluded(_) => true,
        Payload::Review(_)
        | Payload::Answer(_)
        | Payload::Gates(_)
        | Payload::FollowedUp(_)
        | Payload::Concluded(_) => false,
    }
}
