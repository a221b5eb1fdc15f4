//! The records of a review. Changes here change the format, see docs/ledger.md.

use serde::{Deserialize, Serialize};

use crate::domain::ids::{BranchName, CommitSha};
use crate::domain::plan::BoundPlan;
use crate::domain::policy::{Followups, Policy};
use crate::domain::roster::Roster;
use crate::domain::usage::Usage;
use crate::protocol::kinds::coder_followup::CoderFollowup;
use crate::protocol::kinds::pr_review::PrReview;

use super::super::facts::Carried;
use super::super::followups::Followup;
use super::super::gates::GatesRecord;
use super::super::given::{Given, ReviewFindings};
use super::super::rounds::EarlierVotes;
use super::super::run::Concluded;

/// A record of a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "payload", rename_all = "lowercase")]
pub enum ReviewEntry {
    Opened(Box<Opened>),
    Review(Box<ReviewRecord>),
    Answer(Box<AnswerRecord>),
    Gates(GatesRecord),
    /// The future items of an approved head were handled.
    #[serde(rename = "followups")]
    FollowedUp(FollowedUp),
    Concluded(Concluded),
}

/// The start of a run, or a change of its terms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opened {
    pub base_ref: BranchName,
    /// The head at this time.
    pub head: CommitSha,
    /// The head that our coder delivered, if the pull request is ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered: Option<CommitSha>,
    pub roster: Roster,
    pub policy: Policy,
    pub votes: EarlierVotes,
    /// The findings of an older thread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried: Option<Carried>,
    /// The usage of the run before its pull request existed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spent: Option<Usage>,
    /// The approved plan that the change was made for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<BoundPlan>,
}

/// A reviewer's valid answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewRecord {
    pub head: CommitSha,
    pub response: PrReview,
    #[serde(flatten)]
    pub findings: ReviewFindings,
    #[serde(flatten)]
    pub given: Given,
}

/// The coder's valid answer to a review, after its work was pushed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerRecord {
    pub head_before: CommitSha,
    pub head_after: CommitSha,
    pub response: CoderFollowup,
    #[serde(flatten)]
    pub given: Given,
}

/// The treatment of the future items of an approved head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FollowedUp {
    pub head: CommitSha,
    pub mode: Followups,
    pub followups: Vec<Followup>,
    /// The number of further groups, for which no issue was filed.
    pub skipped: u32,
}
