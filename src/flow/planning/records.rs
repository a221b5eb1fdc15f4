//! The records of a planning. Changes here change the format, see docs/ledger.md.

use serde::{Deserialize, Serialize};

use crate::domain::execution::Execution;
use crate::domain::ids::{BranchName, CommitSha, IssueNumber, PlanHash};
use crate::domain::plan::Plan;
use crate::domain::policy::{Followups, Policy};
use crate::domain::roster::Roster;
use crate::protocol::kinds::plan_decomposition::Phase;
use crate::protocol::kinds::plan_review::PlanReview;
use crate::protocol::kinds::plan_revision::PlanRevision;
use crate::protocol::kinds::plan_state::PlanState;

use super::super::facts::Carried;
use super::super::followups::Followup;
use super::super::given::{Given, ReviewFindings};
use super::super::rounds::EarlierVotes;
use super::super::run::Concluded;

/// A record of a planning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "payload", rename_all = "snake_case")]
pub enum PlanningEntry {
    Opened(Box<PlanningOpened>),
    Plan(Box<PlanRecord>),
    PlanReview(Box<PlanReviewRecord>),
    PlanApproved(PlanApproved),
    Decomposed(Box<Decomposed>),
    PhaseStarted(PhaseStarted),
    Split(SplitRecord),
    Concluded(Box<Concluded>),
}

/// The start of a run, or a change of its terms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanningOpened {
    pub base_ref: BranchName,
    /// The commit that the plan is for.
    pub base: CommitSha,
    pub roster: Roster,
    pub policy: Policy,
    pub execution: Execution,
    pub votes: EarlierVotes,
    /// The findings of an older thread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried: Option<Carried>,
}

/// The coder's first plan, or a revision of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanRecord {
    pub plan: PlanHash,
    pub response: PlanAnswer,
    #[serde(flatten)]
    pub given: Given,
}

/// The coder's answer; its own `kind` says which one it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PlanAnswer {
    First(Box<PlanState>),
    Revised(Box<PlanRevision>),
}

impl PlanAnswer {
    pub fn plan(&self) -> Plan {
        match self {
            Self::First(answer) => answer.recorded(),
            Self::Revised(answer) => answer.recorded(),
        }
    }

    pub fn summary(&self) -> &str {
        match self {
            Self::First(answer) => answer.summary.as_str(),
            Self::Revised(answer) => answer.summary.as_str(),
        }
    }
}

/// A reviewer's valid answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanReviewRecord {
    pub plan: PlanHash,
    pub response: PlanReview,
    #[serde(flatten)]
    pub findings: ReviewFindings,
    #[serde(flatten)]
    pub given: Given,
}

/// Every reviewer approves the plan. Published again when follow-ups that were only listed are filed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanApproved {
    pub plan: PlanHash,
    /// The treatment of future items in this record.
    pub mode: Followups,
    pub followups: Vec<Followup>,
    /// The number of further groups, for which no issue was filed.
    pub skipped: u32,
    /// The titles of the stages for which no issue is filed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unfiled: Vec<String>,
}

/// The phases of an approved plan: first as the coder wrote them, then again with their issues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decomposed {
    pub plan: PlanHash,
    pub phases: Vec<FiledPhase>,
    #[serde(flatten)]
    pub given: Given,
}

/// A phase, with its issue once all of them are filed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FiledPhase {
    pub phase: Phase,
    /// The indices of the phases that must be done first.
    pub after: Vec<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<IssueNumber>,
}

/// A phase was handed over to its own run, which happens once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhaseStarted {
    pub plan: PlanHash,
    /// The number of the phase, from 1.
    pub phase: usize,
    pub issue: IssueNumber,
}

/// The stages that an approved plan leaves for later were filed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitRecord {
    pub plan: PlanHash,
    pub stages: Vec<PlannedStage>,
}

/// A stage with its issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedStage {
    pub title: String,
    pub summary: String,
    pub issue: IssueNumber,
}
