//! The name of a turn: the same question has the same key on every restart, so that a finished one is never asked again.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::agent::{Backend, ResponseKind, Role};
use super::ids::{CommitSha, Label, RunId};
use super::usage::Usage;

/// Which question, to whom, on what. Two equal keys are one turn.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TurnKey {
    pub run: RunId,
    /// How many sittings of the run ended before, by a parking, an interrupt, checks that were still pending and the like (see
    /// `Ending::sittings`): in a new one its questions are asked anew.
    pub sitting: u32,
    pub round: u32,
    pub role: Role,
    pub label: Label,
    /// The kind of answer that is wanted.
    pub kind: ResponseKind,
    /// The commit on which the agent works.
    pub head: CommitSha,
    /// How often a person has answered the coder's questions before.
    pub clarifications: u32,
    /// How often the question was put before, to the same agent or (role `repair`) about the form of its answer.
    #[serde(default)]
    pub again: u32,
    /// How often it was put before, and failed in a way that may pass.
    #[serde(default)]
    pub retry: u32,
}

/// A round of a run, in one of its sittings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRound {
    pub run: RunId,
    /// How often the run was parked before.
    pub sitting: u32,
    pub round: u32,
}

impl TurnKey {
    /// The key of a question that is put for the first time.
    pub fn first(at: RunRound, role: Role, label: &Label, kind: ResponseKind, head: &CommitSha) -> Self {
        let RunRound { run, sitting, round } = at;
        let (label, head) = (label.clone(), head.clone());
        Self { run, sitting, round, role, label, kind, head, clarifications: 0, again: 0, retry: 0 }
    }
}

/// A session of a program that can be gone on with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionNote {
    /// Its id, in the program's own form.
    pub id: String,
    /// Whose program it is of.
    pub backend: Backend,
    /// The folder that it belongs to: no program goes on with one in another folder.
    pub folder: PathBuf,
    /// The model that worked in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What all of it has cost until now: some programs count a session, not a turn.
    #[serde(default)]
    pub counted: Usage,
}
