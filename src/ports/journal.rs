//! Journals: the local append-only file of a subject, with its lock.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::agent::Role;
use crate::domain::ending::Ending;
use crate::domain::failure::TurnFailure;
use crate::domain::gate::Measurement;
use crate::domain::ids::{CommitSha, Label, RunId};
use crate::domain::nonce::NonceSecret;
use crate::domain::subject::Subject;
use crate::domain::turn::{SessionNote, TurnKey};
use crate::domain::usage::Usage;
use crate::protocol::context::Clarification;
use crate::protocol::expectation::Surfaced;
use crate::protocol::raw_answer::RawAnswer;

/// The end of a turn, written before anything follows from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "lowercase", deny_unknown_fields)]
pub enum Finished {
    Answered {
        raw: RawAnswer,
        usage: Usage,
        model: Option<String>,
        /// The commit of a coder in the mirror, if it changed anything.
        commit: Option<CommitSha>,
        /// The session, if it can be resumed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<Box<SessionNote>>,
        /// Files that were unexpectedly left out, included or removed.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        notes: Vec<String>,
        /// Journals of earlier versions do not distinguish malformed answers.
        #[serde(default, skip_serializing_if = "AnswerForm::is_valid")]
        form: AnswerForm,
    },
    Failed {
        failure: TurnFailure,
        usage: Usage,
        log: Option<PathBuf>,
        /// The ref in the mirror that keeps the agent's work, if there was any.
        salvage: Option<String>,
        /// The model, if the program reported it before it failed. Journals of earlier versions have none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        model: Option<String>,
    },
}

/// Whether an answer follows the protocol, according to the question that the engine asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnswerForm {
    #[default]
    Valid,
    Malformed,
}

impl AnswerForm {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
    fn is_valid(&self) -> bool {
        *self == Self::Valid
    }
}

impl Finished {
    /// Returns the class of the failure, if the turn failed or its answer is malformed.
    pub fn failure_class(&self) -> Option<&'static str> {
        match self {
            Self::Answered { form: AnswerForm::Valid, .. } => None,
            Self::Answered { form: AnswerForm::Malformed, .. } => Some(TurnFailure::MALFORMED),
            Self::Failed { failure, .. } => Some(failure.class()),
        }
    }

    /// Rewrites the failure, if the turn failed.
    #[must_use]
    pub fn with_failure(self, rewrite: impl FnOnce(TurnFailure) -> TurnFailure) -> Self {
        match self {
            Self::Failed { failure, usage, log, salvage, model } => {
                Self::Failed { failure: rewrite(failure), usage, log, salvage, model }
            }
            answered @ Self::Answered { .. } => answered,
        }
    }

    /// Rewrites the notes about files.
    #[must_use]
    pub fn with_notes(self, rewrite: impl FnMut(String) -> String) -> Self {
        match self {
            Self::Answered { raw, usage, model, commit, session, notes, form } => {
                let notes = notes.into_iter().map(rewrite).collect();
                Self::Answered { raw, usage, model, commit, session, notes, form }
            }
            failed @ Self::Failed { .. } => failed,
        }
    }

    pub fn usage(&self) -> Usage {
        match self {
            Self::Answered { usage, .. } | Self::Failed { usage, .. } => *usage,
        }
    }

    pub fn notes(&self) -> &[String] {
        match self {
            Self::Answered { notes, .. } => notes,
            Self::Failed { .. } => &[],
        }
    }
}

/// One line of a journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "lowercase", deny_unknown_fields)]
pub enum Entry {
    Attempt {
        turn: TurnKey,
        at: Timestamp,
        /// The human requirements in the prompt.
        #[serde(default)]
        surfaced: Surfaced,
    },
    Finished {
        turn: TurnKey,
        at: Timestamp,
        finished: Finished,
    },
    /// The secret for the nonces of this subject's votes.
    Secret {
        secret: NonceSecret,
    },
    /// A person answered the coder's questions.
    Clarified {
        turn: TurnKey,
        answers: Vec<Clarification>,
    },
    Measured {
        run: RunId,
        round: u32,
        measurement: Measurement,
    },
    /// A record of a subject without a thread on the forge, in the form of a comment's body.
    Record {
        body: String,
    },
    /// A person stopped the run, which can be resumed.
    Stopped {
        at: Timestamp,
    },
    /// The run has ended for a cause outside of the change, and its outcome proposed this command, which is in no record.
    Concluded {
        ending: Ending,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next: Option<String>,
    },
    /// The forge accepts no more requests until this instant.
    Limited {
        at: Timestamp,
        until: Timestamp,
    },
    /// The text of the task from which this pull request came: it is in no thread.
    Task {
        words: String,
    },
    /// The number of turns on the subject that handed the run over.
    Inherited {
        label: Label,
        role: Role,
        turns: u32,
        /// The subject that handed the run over: its journal has earlier entries of the run.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Subject>,
    },
}

impl Entry {
    /// Returns the body of a record.
    pub fn record(&self) -> Option<&str> {
        if let Self::Record { body } = self { Some(body) } else { None }
    }

    /// Converts the entry to the body of a record.
    pub fn into_record(self) -> Option<String> {
        if let Self::Record { body } = self { Some(body) } else { None }
    }
}

/// The holder of a subject's lock, according to the lock file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    pub pid: Option<u32>,
    pub host: Option<String>,
    pub since: Option<Timestamp>,
}

/// An error of a journal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    #[error("another agent-loop process is working on {subject}")]
    Held { subject: Subject, holder: Holder },
    /// The disk could not be read or written.
    #[error("{0}")]
    Disk(String),
}

/// An open journal. No other process can open it.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Returns all entries, oldest first, without an incomplete last line.
    fn entries(&self) -> Arc<Vec<Entry>>;

    /// Appends an entry. When this returns, the entry is on the disk.
    async fn append(&self, entry: Entry) -> Result<(), JournalError>;
}

/// The journals of all subjects.
#[async_trait]
pub trait Journals: Send + Sync {
    /// Takes the subject's lock and reads its journal. Processes that a dead holder left running are ended first.
    async fn open(&self, subject: &Subject) -> Result<Arc<dyn Journal>, JournalError>;

    /// Reads a journal without its lock. It is empty if the subject has none.
    async fn peek(&self, subject: &Subject) -> Result<Vec<Entry>, JournalError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_failed_turns_have_no_model() {
        let failed = |model: Option<&str>| Finished::Failed {
            failure: TurnFailure::Network { detail: String::new() },
            usage: Usage::default(),
            log: None,
            salvage: None,
            model: model.map(str::to_owned),
        };
        let text = |finished: &Finished| serde_json::to_string(finished).unwrap();
        assert!(!text(&failed(None)).contains("model"), "the format is that of earlier versions");
        for finished in [failed(None), failed(Some("small"))] {
            assert_eq!(serde_json::from_str::<Finished>(&text(&finished)).unwrap(), finished);
        }
    }
}
