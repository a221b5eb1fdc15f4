//! The local append-only file of a subject, and its lock: a journal that is open is held by nobody else.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::agent::Role;
use crate::domain::failure::TurnFailure;
use crate::domain::gate::Measurement;
use crate::domain::ids::{CommitSha, Label, RunId};
use crate::domain::subject::Subject;
use crate::domain::turn::{SessionNote, TurnKey};
use crate::domain::usage::Usage;
use crate::protocol::context::Clarification;
use crate::protocol::expectation::Surfaced;
use crate::protocol::raw_answer::RawAnswer;

/// How a turn ended, written before anything follows from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "lowercase", deny_unknown_fields)]
pub enum Finished {
    Answered {
        /// What it said, as it said it.
        raw: RawAnswer,
        usage: Usage,
        model: Option<String>,
        /// A coder's work, if it made any: a commit in the mirror.
        commit: Option<CommitSha>,
        /// The session, if it can be gone on with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<Box<SessionNote>>,
    },
    Failed {
        failure: TurnFailure,
        usage: Usage,
        log: Option<PathBuf>,
        /// Where its work was kept, if it made any: a ref in the mirror.
        salvage: Option<String>,
        /// The model that ran, as far as it was told before it failed. Journals of earlier versions have none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        model: Option<String>,
    },
}

impl Finished {
    /// The same end, its failure rewritten if it is one.
    #[must_use]
    pub fn with_failure(self, rewrite: impl FnOnce(TurnFailure) -> TurnFailure) -> Self {
        match self {
            Self::Failed { failure, usage, log, salvage, model } => {
                Self::Failed { failure: rewrite(failure), usage, log, salvage, model }
            }
            answered @ Self::Answered { .. } => answered,
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
        /// The requirements of people that it is shown.
        #[serde(default)]
        surfaced: Surfaced,
    },
    Finished {
        turn: TurnKey,
        at: Timestamp,
        finished: Finished,
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
    /// A record of a subject that has no place on the forge (yet): the body that a comment would have.
    Record {
        body: String,
    },
    /// A person ended the run, which can be gone on with.
    Stopped {
        at: Timestamp,
    },
    /// The words of the task from which this pull request came: no thread has them.
    Task {
        words: String,
    },
    /// Turns that were taken on the subject from which this one came.
    Inherited {
        label: Label,
        role: Role,
        /// How many turns of this label and role it took there.
        turns: u32,
        /// The subject from which this one came: its journal has more of the same run.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Subject>,
    },
}

impl Entry {
    /// The body of a record, if the entry is one.
    pub fn into_record(self) -> Option<String> {
        match self {
            Self::Record { body } => Some(body),
            Self::Attempt { .. }
            | Self::Finished { .. }
            | Self::Clarified { .. }
            | Self::Measured { .. }
            | Self::Task { .. }
            | Self::Stopped { .. }
            | Self::Inherited { .. } => None,
        }
    }
}

/// Who holds a subject's lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its process id, if the lock file says so.
    pub pid: Option<u32>,
    pub host: Option<String>,
    /// Since when it holds it.
    pub since: Option<Timestamp>,
}

/// Why a journal did not open or did not take an entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    #[error("another agent-loop works on {subject}")]
    Held { subject: Subject, holder: Holder },
    /// The disk could not be read or written.
    #[error("{0}")]
    Disk(String),
}

/// An open journal; while it lives, nobody else can open it.
pub trait Journal: Send + Sync {
    /// Everything that was written, oldest first, without a torn last line.
    fn entries(&self) -> Vec<Entry>;

    /// Appends an entry; once this has returned, it is on the disk.
    fn append(&self, entry: Entry) -> impl Future<Output = Result<(), JournalError>> + Send;
}

/// The journals of all subjects.
pub trait Journals: Send + Sync {
    type Journal: Journal + 'static;

    /// Takes the subject's lock and reads its journal. What a dead holder left running is ended first.
    fn open(&self, subject: &Subject) -> impl Future<Output = Result<Self::Journal, JournalError>> + Send;

    /// Reads a journal as it is, without its lock; empty, if the subject has none.
    fn peek(&self, subject: &Subject) -> impl Future<Output = Result<Vec<Entry>, JournalError>> + Send;
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
        assert!(!text(&failed(None)).contains("model"), "it is written as it was before there was one");
        for finished in [failed(None), failed(Some("small"))] {
            assert_eq!(serde_json::from_str::<Finished>(&text(&finished)).unwrap(), finished);
        }
    }
}
