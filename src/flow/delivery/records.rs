//! The records of a delivery. Changes here change the format, see docs/ledger.md.

use serde::{Deserialize, Serialize};

use crate::domain::ids::{BranchName, CommitSha, PullRequestNumber};
use crate::domain::plan::BoundPlan;
use crate::domain::policy::Policy;
use crate::domain::roster::Roster;
use crate::domain::usage::Usage;

use super::super::given::Given;
use super::super::run::Concluded;

/// A record of a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "payload", rename_all = "lowercase")]
pub enum DeliveryEntry {
    Started(Box<Started>),
    Delivered(Delivered),
    Concluded(Concluded),
}

/// The start of a delivery, or a change of its terms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Started {
    pub base_ref: BranchName,
    /// The tip of the base branch at this time, from which the coder starts.
    pub base: CommitSha,
    /// The branch for the change.
    pub branch: BranchName,
    pub roster: Roster,
    pub policy: Policy,
    /// The approved plan that the change is made for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<BoundPlan>,
    /// The cost of the run before it came here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spent: Option<Usage>,
}

/// The pull request was opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delivered {
    pub branch: BranchName,
    /// The head at this time.
    pub head: CommitSha,
    pub pull_request: PullRequestNumber,
    /// How the coder's answer was read, if this machine knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Given>,
}
