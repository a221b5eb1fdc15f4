//! The key of a turn: it is the same after every restart, so that an answered question is never asked again.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::agent::{Backend, ResponseKind, Role};
use super::ids::{CommitSha, Label, RunId};
use super::roster::SeatKey;
use super::usage::Usage;

/// The question, agent and commit that identify a turn. Turns with equal keys are the same turn.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TurnKey {
    pub run: RunId,
    /// The number of earlier attempt windows of the run, see `Ending::attempt_windows`. Each window asks its questions again.
    #[serde(rename = "sitting")]
    pub attempt_window: u32,
    pub round: u32,
    pub role: Role,
    pub label: Label,
    pub kind: ResponseKind,
    /// The commit on which the agent works.
    pub head: CommitSha,
    /// The number of times that a person has answered the coder's questions.
    pub clarifications: u32,
    /// The number of earlier malformed answers, or of earlier attempts to reformat one (role `repair`).
    #[serde(default)]
    pub again: u32,
    /// The number of earlier attempts that failed temporarily.
    #[serde(default)]
    pub retry: u32,
}

/// A round of a run in one of its attempt windows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRound {
    pub run: RunId,
    pub attempt_window: u32,
    pub round: u32,
}

impl TurnKey {
    /// Returns the seat of the agent.
    pub fn seat(&self) -> SeatKey {
        SeatKey::new(self.role, &self.label)
    }

    /// Returns the key of a question that is asked for the first time.
    pub fn first(at: RunRound, role: Role, label: &Label, kind: ResponseKind, head: &CommitSha) -> Self {
        let RunRound { run, attempt_window, round } = at;
        let (label, head) = (label.clone(), head.clone());
        Self { run, attempt_window, round, role, label, kind, head, clarifications: 0, again: 0, retry: 0 }
    }
}

/// The work of an earlier attempt, which a turn of the same coder on the same commit continues: the files that an interrupted
/// attempt left in the clone or, if there are none, saved work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// The ref or the commit of saved work.
    pub saved: Option<String>,
}

/// A session of an agent program that can be resumed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionNote {
    /// The program's own id of the session.
    pub id: String,
    pub backend: Backend,
    /// The folder in which the session started: programs resume a session only there.
    pub folder: PathBuf,
    /// The model of the session's last turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The usage of the whole session so far: some programs report it for the session instead of the turn.
    #[serde(default)]
    pub counted: Usage,
}
