//! A record: a fact that has been published, with its place in a chain. What it says is sealed in its body.

use jiff::Timestamp;

use crate::domain::flow_name::FlowName;
use crate::domain::ids::{ChainHash, RecordId, RunId};
use crate::domain::roster::Participant;
use crate::domain::subject::Subject;
use crate::domain::turn::TurnKey;

use super::body::Body;

/// The version of the format that this program writes.
pub const VERSION: u64 = 1;

/// A record before it has its place in a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub run: RunId,
    /// The round; 0 before the first.
    pub round: u32,
    pub body: Body,
    /// The turn whose answer it holds: an answer that does not fit into a comment becomes a failed turn.
    pub from: Option<TurnKey>,
    /// The thread in which it is published, if that is another one than that of its subject.
    pub thread: Option<Subject>,
    /// The subject from which the run came: its turns and its task count on here.
    pub continues: Option<Subject>,
    /// Who takes part in a run that the record opens: the user's folders that they work in are looked at before.
    pub participants: Vec<Participant>,
}

/// A record in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Its deterministic id.
    pub id: RecordId,
    /// The hash of the record before it, or of the chain's starting text.
    pub prev: ChainHash,
    pub run: RunId,
    pub flow: FlowName,
    pub subject: Subject,
    /// The round; 0 before the first.
    pub round: u32,
    /// When it was written. For people; order never depends on it.
    pub at: Timestamp,
    /// The program that wrote it, with its version.
    pub tool: String,
    pub body: Body,
}
