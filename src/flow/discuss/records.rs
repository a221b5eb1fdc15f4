//! The records of a debate. Changes here change the format, see docs/ledger.md.

use serde::{Deserialize, Serialize};

use crate::domain::debate::{DebatePolicy, DebateResult};
use crate::domain::ending::Ending;
use crate::domain::execution::DeferredWork;
use crate::domain::failure::TurnFailure;
use crate::domain::ids::{CommitSha, IssueNumber, Label};
use crate::domain::revision::Revision;
use crate::domain::roster::{Seat, Voters};
use crate::domain::usage::Usage;
use crate::protocol::context::ContextSubject;
use crate::protocol::kinds::discuss_agenda::DiscussAgenda;
use crate::protocol::kinds::discuss_review::{DebateOutcome, DiscussReview};

use super::super::given::Given;
use super::super::run::Concluded;

/// A record of a debate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "payload", rename_all = "snake_case")]
pub enum DiscussEntry {
    Opened(Box<DebateOpened>),
    Position(Box<Position>),
    RoundSummary(Box<RoundSummary>),
    Stages(FiledStages),
    Concluded(Box<Concluded>),
}

/// The start of a debate, or a change of its terms. The same topic keeps its rounds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DebateOpened {
    /// The hash of the whole topic.
    pub topic: Revision,
    /// The topic as debaters see it: the issue with the comments of people with write access.
    pub subject: ContextSubject,
    /// The commit that debaters read.
    pub head: CommitSha,
    pub roster: DebateRoster,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analyzer: Option<Seat>,
    pub policy: DebatePolicy,
}

/// The debaters, under the name that they have in records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DebateRoster {
    /// Earlier versions named a coder, whom no debate asked.
    #[serde(default, skip_serializing)]
    pub coder: Option<Seat>,
    pub reviewers: Voters,
}

/// A debater's valid answer.
pub type Position = GivenAnswer<DiscussReview>;

/// An analyzer's valid answer.
pub type AgendaAnswer = GivenAnswer<DiscussAgenda>;

/// An agent's valid answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GivenAnswer<K> {
    pub response: K,
    #[serde(flatten)]
    pub given: Given,
}

/// The end of a round, or of the debate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoundSummary {
    #[serde(rename = "final")]
    pub is_final: bool,
    /// The result, if it is final.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<DebateVerdict>,
    /// The ending of the run, if it is final.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<Ending>,
    /// The analyzer's agenda for the next round.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agenda: Option<AgendaAnswer>,
    /// The debaters without a vote in this round.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<SeatFailure>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analyzer_failure: Option<SeatFailure>,
    /// The topic of the debate, if it is final.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<Revision>,
    /// The usage of the run so far, with failed turns.
    pub usage: Usage,
}

impl RoundSummary {
    /// Returns the marker of the result, which other programs read.
    pub fn marker(&self) -> Option<String> {
        self.topic.as_ref().map(|topic| format!("<!-- AGENT_DISCUSS_CONSENSUS: {topic} -->"))
    }
}

/// The result of a debate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DebateVerdict {
    pub result: DebateResult,
    pub outcome: DebateOutcome,
    /// The merged proposals of a split.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub split_proposals: Vec<String>,
    /// Earlier versions wrote here what the policy of the debate says now.
    #[serde(default, skip_serializing)]
    pub stages: DeferredWork,
}

/// The issues that were filed for the proposals of a split.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FiledStages {
    pub stages: Vec<FiledStage>,
    /// The proposals beyond the limit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<String>,
}

/// An issue that was filed for a proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FiledStage {
    pub title: String,
    pub issue: IssueNumber,
}

/// A seat whose turn failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeatFailure {
    pub agent: Label,
    /// The class of the failure.
    pub category: String,
    pub detail: String,
}

impl SeatFailure {
    pub fn new(agent: &Label, failure: &TurnFailure) -> Self {
        Self { agent: agent.clone(), category: failure.class().to_owned(), detail: failure.to_string() }
    }
}
