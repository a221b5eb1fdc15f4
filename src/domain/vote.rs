//! A vote, as records, outcomes and comments show it.

use serde::{Deserialize, Serialize};

use super::ids::{Label, RequirementId};
use super::revision::Revision;

/// The closed list of words that votes use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ballot {
    Approved,
    Blocking,
    Implement,
    DoNotImplement,
    NeedsHuman,
    Split,
}

impl Ballot {
    /// The word, as records and outcomes have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Blocking => "blocking",
            Self::Implement => "implement",
            Self::DoNotImplement => "do-not-implement",
            Self::NeedsHuman => "needs-human",
            Self::Split => "split",
        }
    }
}

/// The latest vote of one agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vote {
    pub agent: Label,
    pub state: Ballot,
    /// What was voted on.
    pub head: Revision,
    /// The requirements of people that the voter was shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requirements: Vec<RequirementId>,
}
