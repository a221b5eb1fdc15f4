//! The content of a published record for people and scripts, in the same form for every flow.

use std::collections::BTreeMap;

use serde::Serialize;

use super::debate::DebateResult;
use super::gate::Measurement;
use super::gate_plan::NotRun;
use super::ids::{BranchName, CommitSha, GateName, IssueNumber, ItemId, Label, PlanHash, PullRequestNumber};
use super::item::OpenedItem;
use super::item_status::Disposition;
use super::usage::Usage;
use super::vote::{Absence, Ballot, Vote};

/// The content of a published record for people and scripts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "record", rename_all = "kebab-case")]
pub enum Announcement {
    /// A run began, or its terms changed.
    Opened {
        #[serde(skip_serializing_if = "Option::is_none")]
        head: Option<CommitSha>,
        /// Absent in a debate, whose reviewers vote on an issue.
        #[serde(skip_serializing_if = "Option::is_none")]
        coder: Option<Label>,
        reviewers: Vec<Label>,
        gates: Vec<GateName>,
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        gates_not_run: BTreeMap<GateName, NotRun>,
        max_rounds: u32,
    },
    /// A pull request was opened with the coder's first commit.
    Delivered {
        pull_request: PullRequestNumber,
        branch: BranchName,
        head: CommitSha,
        /// The author, if this machine knows it.
        #[serde(skip_serializing_if = "Option::is_none")]
        agent: Option<Label>,
        usage: Usage,
    },
    /// A reviewer answered.
    Reviewed {
        round: u32,
        agent: Label,
        head: CommitSha,
        state: Ballot,
        summary: String,
        /// New findings.
        items: Vec<OpenedItem>,
        dispositions: Vec<Disposition>,
        usage: Usage,
    },
    /// A debater voted on an issue.
    Voted { round: u32, agent: Label, state: Ballot, summary: String, usage: Usage },
    /// A round of a debate ended.
    Summarized {
        round: u32,
        /// The result of the debate, if this was its last round.
        #[serde(skip_serializing_if = "Option::is_none")]
        result: Option<DebateResult>,
        #[serde(skip_serializing_if = "Option::is_none")]
        outcome: Option<Ballot>,
        /// The debaters without a vote.
        failed: Vec<Label>,
    },
    /// The coder answered a review.
    Answered {
        round: u32,
        agent: Label,
        before: CommitSha,
        head: CommitSha,
        summary: String,
        addressed: Vec<String>,
        remaining: Vec<String>,
        disputed: Vec<String>,
        usage: Usage,
    },
    /// The coder wrote or revised a plan.
    Planned {
        round: u32,
        agent: Label,
        plan: PlanHash,
        steps: usize,
        /// The titles of stages that the plan leaves for later.
        deferred: Vec<String>,
        summary: String,
        usage: Usage,
    },
    /// A reviewer answered on a plan.
    PlanReviewed {
        round: u32,
        agent: Label,
        plan: PlanHash,
        state: Ballot,
        summary: String,
        /// New findings.
        items: Vec<OpenedItem>,
        dispositions: Vec<Disposition>,
        usage: Usage,
    },
    /// An approved plan was divided into parts; they have issues once these are filed.
    Divided { parts: usize, issues: Vec<IssueNumber> },
    /// A phase of a plan was handed over to its own run.
    PhaseStarted { phase: usize, issue: IssueNumber },
    /// Gates were measured.
    Gates {
        round: u32,
        head: CommitSha,
        gates: Vec<Measurement>,
        /// New findings, and known ones that were found again.
        items: Vec<OpenedItem>,
        resolved: Vec<ItemId>,
    },
    /// Follow-ups were filed or listed.
    FollowedUp { filed: Vec<IssueNumber>, listed: usize },
    /// All reviewers approve a plan; no issue is filed for these stages.
    PlanApproved { plan: PlanHash, unfiled: Vec<String> },
    /// A run ended, or was parked.
    Concluded {
        status: &'static str,
        message: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        head: Option<CommitSha>,
        rounds: u32,
        votes: Vec<Vote>,
        absent: Vec<Absence>,
        gates: Vec<Measurement>,
        usage: Usage,
    },
}

impl Announcement {
    /// Returns the commit of the record.
    pub fn head(&self) -> Option<&CommitSha> {
        match self {
            Self::Delivered { head, .. }
            | Self::Reviewed { head, .. }
            | Self::Answered { head, .. }
            | Self::Gates { head, .. } => Some(head),
            Self::Opened { head, .. } | Self::Concluded { head, .. } => head.as_ref(),
            Self::Voted { .. }
            | Self::Summarized { .. }
            | Self::Planned { .. }
            | Self::PlanReviewed { .. }
            | Self::Divided { .. }
            | Self::PhaseStarted { .. }
            | Self::FollowedUp { .. }
            | Self::PlanApproved { .. } => None,
        }
    }

    /// Returns the agent whose answer the record has.
    pub fn author(&self) -> Option<&Label> {
        match self {
            Self::Reviewed { agent, .. }
            | Self::Voted { agent, .. }
            | Self::Answered { agent, .. }
            | Self::Planned { agent, .. }
            | Self::PlanReviewed { agent, .. } => Some(agent),
            Self::Delivered { agent, .. } => agent.as_ref(),
            Self::Opened { .. }
            | Self::Gates { .. }
            | Self::FollowedUp { .. }
            | Self::PlanApproved { .. }
            | Self::Summarized { .. }
            | Self::Divided { .. }
            | Self::PhaseStarted { .. }
            | Self::Concluded { .. } => None,
        }
    }
}
