//! The records of a delivery. A change here is a change of the format: see docs/ledger.md.

use serde::{Deserialize, Serialize};

use crate::domain::ids::{BranchName, CommitSha, Label, PullRequestNumber};
use crate::domain::policy::Policy;
use crate::domain::repair::Repair;
use crate::domain::roster::Roster;
use crate::domain::usage::Usage;

use super::super::run::Concluded;

/// What a record of a delivery says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "payload", rename_all = "lowercase")]
pub enum DeliveryEntry {
    Started(Box<Started>),
    Delivered(Delivered),
    Concluded(Concluded),
}

/// A delivery begins, or its terms change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Started {
    pub base_ref: BranchName,
    /// Its tip at that time: where the coder begins.
    pub base: CommitSha,
    /// The branch that the change will have.
    pub branch: BranchName,
    pub roster: Roster,
    pub policy: Policy,
}

/// A pull request stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delivered {
    pub branch: BranchName,
    /// Its head at that time.
    pub head: CommitSha,
    pub pull_request: PullRequestNumber,
    /// How the coder's answer was read, where this machine knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<FirstAnswer>,
}

/// How the answer was read from which a pull request came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FirstAnswer {
    pub agent: Label,
    pub normalisations: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repairs: Vec<Repair>,
    pub usage: Usage,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}
