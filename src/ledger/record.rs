//! A record: a fact that has been published, with its place in the chain.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::ids::{ChainHash, Label, RecordId, RunId};
use crate::domain::subject::Subject;

use super::payload::{Answered, Concluded, Delivered, FollowedUp, Gates, Opened, Review, Started};

/// The version of the format that this program writes.
pub const VERSION: u64 = 1;

/// Which machine a record belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Flow {
    /// The rounds on a pull request.
    Review,
    /// From an issue or a task to a pull request.
    Delivery,
}

impl Flow {
    /// The value used in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Review => "review",
            Self::Delivery => "delivery",
        }
    }
}

/// What a record says, by flow and kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    /// review: a run begins, or its terms change.
    Opened(Opened),
    Review(Box<Review>),
    Answer(Box<Answered>),
    Gates(Gates),
    /// review: what became of the future items of an approved head.
    FollowedUp(FollowedUp),
    /// review: the run ends, or is parked.
    Concluded(Concluded),
    /// delivery: it begins, or its terms change.
    Started(Started),
    /// delivery: the pull request stands.
    Delivered(Delivered),
    /// delivery: it ends without a pull request, or is parked.
    DeliveryConcluded(Concluded),
}

impl Payload {
    /// The flow that it belongs to.
    pub fn flow(&self) -> Flow {
        match self {
            Self::Opened(_)
            | Self::Review(_)
            | Self::Answer(_)
            | Self::Gates(_)
            | Self::FollowedUp(_)
            | Self::Concluded(_) => Flow::Review,
            Self::Started(_) | Self::Delivered(_) | Self::DeliveryConcluded(_) => Flow::Delivery,
        }
    }

    /// The kind, as it is recorded.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Opened(_) => "opened",
            Self::Review(_) => "review",
            Self::Answer(_) => "answer",
            Self::Gates(_) => "gates",
            Self::FollowedUp(_) => "followups",
            Self::Concluded(_) | Self::DeliveryConcluded(_) => "concluded",
            Self::Started(_) => "started",
            Self::Delivered(_) => "delivered",
        }
    }

    /// How a run ended, if it says that.
    pub fn conclusion(&self) -> Option<&Concluded> {
        match self {
            Self::Concluded(concluded) | Self::DeliveryConcluded(concluded) => Some(concluded),
            Self::Opened(_)
            | Self::Review(_)
            | Self::Answer(_)
            | Self::Gates(_)
            | Self::FollowedUp(_)
            | Self::Started(_)
            | Self::Delivered(_) => None,
        }
    }

    /// The agent whose words it holds, if it is one's.
    pub fn agent(&self) -> Option<&Label> {
        match self {
            Self::Review(review) => Some(&review.agent),
            Self::Answer(answer) => Some(&answer.agent),
            Self::Opened(_)
            | Self::Gates(_)
            | Self::FollowedUp(_)
            | Self::Concluded(_)
            | Self::Started(_)
            | Self::Delivered(_)
            | Self::DeliveryConcluded(_) => None,
        }
    }
}

/// A record before it has its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The run that publishes it.
    pub run: RunId,
    /// The round; 0 before the first.
    pub round: u32,
    pub payload: Payload,
}

/// A record in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub id: RecordId,
    /// The hash of the record before it, or of the chain's starting text.
    pub prev: ChainHash,
    /// The run that published it.
    pub run: RunId,
    pub subject: Subject,
    /// The round; 0 before the first.
    pub round: u32,
    /// When it was written. For people; order never depends on it.
    pub at: Timestamp,
    /// The program that wrote it, with its version.
    pub tool: String,
    pub payload: Payload,
}
