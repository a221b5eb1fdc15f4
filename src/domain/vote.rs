//! Votes in records, outcomes and comments.

use serde::{Deserialize, Serialize};

use super::ids::{Label, RequirementId};
use super::revision::Revision;
use super::word_list::word_list;

word_list!(
    /// The choice of a voter.
    Ballot {
        Approved = "approved",
        Blocking = "blocking",
        Implement = "implement",
        DoNotImplement = "do-not-implement",
        NeedsHuman = "needs-human",
        Split = "split",
    }
);

/// A seat without a vote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Absence {
    pub agent: Label,
    /// The reason why its last turn gave no vote, if it had a turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// The latest vote of one agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vote {
    pub agent: Label,
    pub state: Ballot,
    pub head: Revision,
    /// The human requirements in the voter's prompt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requirements: Vec<RequirementId>,
}
