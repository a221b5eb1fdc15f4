//! Findings in the records of a run.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::ids::{GateName, ItemId, Label};
use super::item_status::ItemStatus;

/// The author of an item, written as the reviewer's label or, for a gate, as in `gate-tests`.
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

/// A later comment on an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// The label of a reviewer or of the coder, or the name of a gate.
    pub author: String,
    pub round: u32,
    pub text: String,
}

/// A coder's reasoned objection to an item. The reviewer who raised the item judges it once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispute {
    /// The round after which the coder objected.
    pub round: u32,
    pub evidence: String,
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub id: ItemId,
    pub author: Author,
    pub round: u32,
    pub text: String,
    /// The status at the time the item was raised.
    pub first: ItemStatus,
    pub status: ItemStatus,
    /// Later comments, oldest first.
    pub notes: Vec<Note>,
    /// The coder's open objection.
    pub dispute: Option<Dispute>,
    /// The key of the finding within its gate; `None` for gates with a single finding.
    pub key: Option<String>,
}

impl Item {
    /// Returns whether the item prevents approval.
    pub fn must_fix(&self) -> bool {
        self.status.must_fix()
    }

    /// Returns whether a reviewer raised the item: then reviewers judge it, else the gate does.
    pub fn is_reviewers(&self) -> bool {
        match self.author {
            Author::Reviewer(_) => true,
            Author::Gate(_) => false,
        }
    }
}

/// An item in the record that opens it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenedItem {
    pub id: ItemId,
    #[serde(rename = "standing")]
    pub status: ItemStatus,
    pub text: String,
    /// The key of the finding within its gate; `None` for gates with a single finding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// A finding of the older tool that still prevents approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CarriedItem {
    pub id: ItemId,
    pub reviewer: Label,
    /// The round of the older tool in which the finding first appeared.
    pub round: u32,
    #[serde(rename = "standing")]
    pub status: ItemStatus,
    pub text: String,
    /// Later comments, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// The number of ids that a message lists.
const MOST_LISTED: usize = 10;

/// Lists ids for a message: the first ones, and the number of the others.
pub fn listed<Id: AsRef<str>>(ids: &[Id]) -> String {
    let (shown, more) = ids.split_at(ids.len().min(MOST_LISTED));
    let shown = shown.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
    if more.is_empty() { shown } else { format!("{shown} and {} more", more.len()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_ids_are_counted() {
        let ids: Vec<String> = (1..=1000).map(|number| number.to_string()).collect();
        assert_eq!(listed(&ids), "1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 990 more");
        assert_eq!(listed(&["item-1", "item-2"]), "item-1, item-2");
    }
}
