//! Taking a turn. An agent's failure is a value; only the flow decides what it means.

use std::path::PathBuf;

use crate::domain::access::Access;
use crate::domain::agent::{AnswerBy, ResponseKind, Role};
use crate::domain::failure::TurnFailure;
use crate::domain::ids::{CommitSha, Label, RunId};
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
    /// How many turns this label has finished on this subject in this role: the place in a script.
    pub entry: u32,
    pub workdir: PathBuf,
    pub head: CommitSha,
    /// The merge base with the target branch.
    pub base: CommitSha,
    pub prompt: String,
    pub context: Context,
    /// The model that is asked, if one was named for this turn.
    pub model: Option<String>,
    /// The session to go on with, where the program can.
    pub session: Option<SessionNote>,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TurnResult {
    /// The agent answered; whether the answer is well-formed is not known here.
    Answered(RawAnswer),
    Failed(TurnFailure),
    /// We were told to stop; all its processes are gone.
    Cancelled,
}

/// What an attempt left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnReport {
    pub result: TurnResult,
    pub usage: Usage,
    pub model: Option<String>,
    pub log: Option<PathBuf>,
    /// The session, if it can be gone on with.
    pub session: Option<SessionNote>,
    /// What a person should know, though it is no failure.
    pub warnings: Vec<String>,
}

impl TurnReport {
    /// A report that says nothing but how the attempt ended, and what it cost.
    pub fn bare(result: TurnResult, usage: Usage) -> Self {
        Self { result, usage, model: None, log: None, session: None, warnings: Vec::new() }
    }
}

/// The agents of a run.
pub trait Agents: Send + Sync {
    /// Runs one attempt to its end. When it returns, no process of it is alive.
    fn take(&self, order: &TurnOrder, cancellation: Cancellation) -> impl Future<Output = TurnReport> + Send;

    fn answer_by(&self, _kind: ResponseKind, _access: Access, _label: &Label) -> AnswerBy {
        AnswerBy::FileOrMessage
    }

    /// Where the raw output of an attempt goes, if it goes anywhere.
    fn log(&self, order: &TurnOrder) -> Option<PathBuf>;
}
