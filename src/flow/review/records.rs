//! The records of a review. A change here is a change of the format: see docs/ledger.md.

use serde::{Deserialize, Serialize};

use crate::domain::ids::{BranchName, CommitSha, IssueNumber, ItemId, Label, RequirementId};
use crate::domain::item::OpenedItem;
use crate::domain::item_status::Disposition;
use crate::domain::policy::{Followups, Policy};
use crate::domain::repair::Repair;
use crate::domain::roster::Roster;
use crate::domain::usage::Usage;
use crate::protocol::kinds::coder_followup::CoderFollowup;
use crate::protocol::kinds::pr_review::PrReview;

use super::super::facts::Carried;
use super::super::gates::GatesRecord;
use super::super::run::Concluded;

/// What a record of a review says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "payload", rename_all = "lowercase")]
pub enum ReviewEntry {
    Opened(Box<Opened>),
    Review(Box<ReviewRecord>),
    Answer(Box<AnswerRecord>),
    Gates(GatesRecord),
    /// The future items of an approved head were taken care of.
    #[serde(rename = "followups")]
    FollowedUp(FollowedUp),
    Concluded(Concluded),
}

/// A run of review begins, or its terms change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opened {
    pub base_ref: BranchName,
    /// The head at that time.
    pub head: CommitSha,
    /// The head that this tool's coder delivered, if the pull request came from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered: Option<CommitSha>,
    pub roster: Roster,
    pub policy: Policy,
    pub votes: EarlierVotes,
    /// What an older thread leaves to begin with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried: Option<Carried>,
    /// What the run had spent before its pull request stood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spent: Option<Usage>,
}

/// What becomes of the votes that were given before a run's terms were set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EarlierVotes {
    Stand,
    /// Records are missing: every reviewer is asked anew.
    AskedAnew,
}

/// A reviewer's valid answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewRecord {
    pub agent: Label,
    pub head: CommitSha,
    pub response: PrReview,
    /// The findings that it opens, with their ids.
    pub opened: Vec<OpenedItem>,
    /// What it says about known items.
    pub dispositions: Vec<Disposition>,
    pub next_item: u64,
    /// The requirements of people that the reviewer was shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requirements: Vec<RequirementId>,
    pub normalisations: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repairs: Vec<Repair>,
    pub usage: Usage,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

/// The coder's valid answer to a review, after its work was pushed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerRecord {
    pub agent: Label,
    /// The head on which it worked.
    pub head_before: CommitSha,
    /// The head that it made.
    pub head_after: CommitSha,
    pub response: CoderFollowup,
    pub normalisations: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repairs: Vec<Repair>,
    pub usage: Usage,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

/// What became of the future items of an approved head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FollowedUp {
    pub head: CommitSha,
    pub mode: Followups,
    pub followups: Vec<Followup>,
    /// How many more there are, for which no issue was filed.
    pub skipped: u32,
}

/// A piece of work that is left for later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Followup {
    pub title: String,
    pub text: String,
    pub items: Vec<ItemId>,
    pub notes: Vec<String>,
    /// The issue that was filed for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<IssueNumber>,
}
