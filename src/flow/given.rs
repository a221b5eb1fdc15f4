//! What records of answers share: who gave an answer and how it was read, and the findings of a review.

use serde::{Deserialize, Serialize};

use crate::domain::ids::{Label, RequirementId};
use crate::domain::item::OpenedItem;
use crate::domain::item_status::Disposition;
use crate::domain::repair::Repair;
use crate::domain::usage::Usage;

/// The author of an answer, how it was read, and its cost. In records, these members are beside the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    pub agent: Label,
    pub normalisations: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repairs: Vec<Repair>,
    pub usage: Usage,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

/// The findings of a review. In records, these members are beside the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewFindings {
    /// The new findings with their ids.
    pub opened: Vec<OpenedItem>,
    /// The dispositions of known items.
    pub dispositions: Vec<Disposition>,
    pub next_item: u64,
    /// The human requirements in the reviewer's prompt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requirements: Vec<RequirementId>,
}
