//! A finding in the ledger: who raised it, when, what it says, where it stands, and what was said about it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::ids::{GateName, ItemId, Label};
use super::item_status::ItemStatus;

/// Who raised an item. Written as the reviewer's label, or `gate-tests` for a gate.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Author {
    Reviewer(Label),
    Gate(GateName),
}

impl fmt::Display for Author {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reviewer(label) => label.fmt(formatter),
            Self::Gate(gate) => write!(formatter, "gate-{gate}"),
        }
    }
}

/// Something that was said about an item after it was raised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// Who said it: a reviewer's or the coder's label, or a gate.
    pub author: String,
    /// The round in which it was said.
    pub round: u32,
    pub text: String,
}

/// A coder's reasoned objection to an item, judged once, by the reviewer who raised it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispute {
    /// The round at whose end the coder objected.
    pub round: u32,
    pub evidence: String,
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub id: ItemId,
    pub author: Author,
    /// The round in which it was raised.
    pub round: u32,
    pub text: String,
    /// Where it stood when it was raised.
    pub first: ItemStatus,
    pub standing: ItemStatus,
    /// What was said about it since, oldest first.
    pub notes: Vec<Note>,
    /// The coder's open objection, if there is one.
    pub dispute: Option<Dispute>,
    /// The name of the finding in its gate; a gate with one finding needs none.
    pub key: Option<String>,
}

impl Item {
    /// Whether approval has to wait for it.
    pub fn must_fix(&self) -> bool {
        self.standing.must_fix()
    }

    /// Whether a reviewer raised it, so that reviewers dispose of it.
    pub fn is_reviewers(&self) -> bool {
        match self.author {
            Author::Reviewer(_) => true,
            Author::Gate(_) => false,
        }
    }
}

/// An item as it is published in the record that opens it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenedItem {
    pub id: ItemId,
    pub standing: ItemStatus,
    pub text: String,
    /// The name of the finding in its gate; a gate with one finding needs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// A finding of the older tool that approval has to wait for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CarriedItem {
    pub id: ItemId,
    pub reviewer: Label,
    /// The round in which it was first seen, as the older tool counted.
    pub round: u32,
    pub standing: ItemStatus,
    pub text: String,
    /// What was said about it since, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}
