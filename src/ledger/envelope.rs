//! A record: a published fact with its place in a chain. Its content is sealed in its body.

use jiff::Timestamp;

use crate::domain::flow_name::FlowName;
use crate::domain::ids::{ChainHash, RecordId, RunId};
use crate::domain::roster::Participant;
use crate::domain::subject::Subject;
use crate::domain::turn::TurnKey;

use super::body::Body;

/// The version of the format that this program writes.
pub const VERSION: u64 = 1;

/// A record without its place in a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub run: RunId,
    /// The round; 0 before the first.
    pub round: u32,
    pub body: Body,
    /// The turn whose answer the record holds: an answer that does not fit into a comment becomes a failed turn.
    pub from: Option<TurnKey>,
    /// The thread for the record, if it is not the thread of the record's subject.
    pub thread: Option<Subject>,
    /// The subject that handed the run over: its turns and its task belong to the run.
    pub continues: Option<Subject>,
    /// The participants of a run that the record opens: their folders in the user's checkouts are inspected first.
    pub participants: Vec<Participant>,
}

/// A record with its place in a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    pub id: RecordId,
    /// The hash of the previous record, or of the text that starts the chain.
    pub prev: ChainHash,
    pub run: RunId,
    pub flow: FlowName,
    pub subject: Subject,
    /// The round; 0 before the first.
    pub round: u32,
    /// The time of writing, for people: order never depends on it.
    pub at: Timestamp,
    /// The name and version of the program that wrote the record.
    pub tool: String,
    pub body: Body,
}
