//! The agents that take turns. A failure of an agent is a value; only the flow decides what follows from it.

use std::path::PathBuf;

use async_trait::async_trait;

use crate::domain::access::Access;
use crate::domain::agent::{AnswerBy, ResponseKind, Role};
use crate::domain::failure::TurnFailure;
use crate::domain::ids::{CommitSha, Label, RunId};
use crate::domain::nonce::Nonce;
use crate::domain::subject::Subject;
use crate::domain::turn::SessionNote;
use crate::domain::usage::Usage;
use crate::protocol::context::Context;
use crate::protocol::raw_answer::RawAnswer;

use super::cancellation::Cancellation;

/// One attempt of one turn.
#[derive(Debug, Clone)]
pub struct TurnOrder {
    pub run: RunId,
    pub subject: Subject,
    pub role: Role,
    pub access: Access,
    pub label: Label,
    pub kind: ResponseKind,
    /// The round of review; 0 before the first.
    pub round: u32,
    /// Letters and digits, unique for each attempt: a part of the name of its log.
    pub attempt: String,
    /// The number of turns that this label has finished on this subject in this role: the index in a script.
    pub script_index: u32,
    pub workdir: PathBuf,
    pub head: CommitSha,
    /// The merge base with the target branch.
    pub base: CommitSha,
    pub prompt: String,
    pub context: Context,
    /// The nonce that a vote must return.
    pub nonce: Option<Nonce>,
    /// The requested model.
    pub model: Option<String>,
    /// The session to resume, if the program can.
    pub session: Option<SessionNote>,
}

/// The end of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TurnResult {
    /// The agent answered. The answer is not checked yet.
    Answered(RawAnswer),
    Failed(TurnFailure),
    /// A file of ours could not be written; the agent was not started.
    Disk(String),
    /// The run was cancelled; no process of the attempt is alive.
    Cancelled,
}

/// The result of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnReport {
    pub result: TurnResult,
    pub usage: Usage,
    pub model: Option<String>,
    pub log: Option<PathBuf>,
    /// The session, if it can be resumed.
    pub session: Option<SessionNote>,
    pub warnings: Vec<String>,
}

impl TurnReport {
    /// Creates a report with only the end of the attempt and its usage.
    pub fn bare(result: TurnResult, usage: Usage) -> Self {
        Self { result, usage, model: None, log: None, session: None, warnings: Vec::new() }
    }
}

/// The agents of a run.
#[async_trait]
pub trait Agents: Send + Sync {
    /// Runs one attempt to its end. When it returns, no process of the attempt is alive.
    async fn take(&self, order: &TurnOrder, cancellation: Cancellation) -> TurnReport;

    fn answer_by(&self, _kind: ResponseKind, _access: Access, _label: &Label) -> AnswerBy {
        AnswerBy::FileOrMessage
    }

    /// Returns the path of the raw output of an attempt, if it is kept.
    fn log(&self, order: &TurnOrder) -> Option<PathBuf>;
}
