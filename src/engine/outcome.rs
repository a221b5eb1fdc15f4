//! How a run ended, with everything that a person or a script wants to know of it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::domain::ending::{Ending, Failed, Refused};
use crate::domain::gate::Measurement;
use crate::domain::ids::{CommitSha, PullRequestNumber, RunId};
use crate::domain::item::Item;
use crate::domain::item_status::ItemStatus;
use crate::domain::subject::Subject;
use crate::domain::usage::Usage;
use crate::domain::vote::Vote;
use crate::flow::view::View;
use crate::ports::forge::{ForgeCommands, ForgeError};
use crate::ports::journal::JournalError;
use crate::ports::workspace::WorkspaceError;

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub ending: Ending,
    pub message: String,
    pub run: Option<RunId>,
    /// What it was about at the end.
    pub subject: Subject,
    pub pull_request: Option<PullRequestNumber>,
    pub head: Option<CommitSha>,
    pub base: Option<CommitSha>,
    /// How many rounds were taken.
    pub rounds: u32,
    /// The latest vote of everyone on the roster who gave one.
    pub votes: Vec<Vote>,
    pub items: Vec<Item>,
    /// The latest measurement of each gate.
    pub gates: Vec<Measurement>,
    pub usage: Usage,
    /// Where the summary of what it cost lies, once it is written.
    pub usage_summary: Option<PathBuf>,
    /// The logs of those whose last turn failed, by who it was; whoever watched the run fills them in.
    pub failed_logs: BTreeMap<String, String>,
    /// What a person types on the forge about the pull request.
    pub commands: Option<ForgeCommands>,
    /// Secrets that were kept out of what was published, by kind.
    pub redacted: BTreeMap<String, usize>,
}

impl Outcome {
    /// An outcome that knows nothing but how the run ended.
    pub fn bare(subject: Subject, ending: Ending, message: String) -> Self {
        Self {
            ending,
            message,
            run: None,
            subject,
            pull_request: None,
            head: None,
            base: None,
            rounds: 0,
            votes: Vec::new(),
            items: Vec::new(),
            gates: Vec::new(),
            usage: Usage::default(),
            usage_summary: None,
            failed_logs: BTreeMap::new(),
            commands: None,
            redacted: BTreeMap::new(),
        }
    }

    #[must_use]
    pub fn with_view(self, view: View) -> Self {
        Self {
            pull_request: view.pull_request,
            head: view.head,
            rounds: view.round,
            votes: view.votes,
            items: view.items,
            gates: view.gates,
            ..self
        }
    }

    pub fn open_items(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| item.must_fix())
    }

    /// The items that are worth a change of their own.
    pub fn future_items(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| item.status == ItemStatus::Future)
    }

    pub fn resolved(&self) -> usize {
        self.items.iter().filter(|item| item.status == ItemStatus::Resolved).count()
    }
}

/// Why the loop had to stop where it stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunError {
    pub ending: Ending,
    pub message: String,
}

impl RunError {
    pub fn failed(reason: Failed, message: impl Into<String>) -> Self {
        Self { ending: Ending::Failed { reason }, message: message.into() }
    }

    /// Something that was not begun.
    pub fn refused(reason: Refused, message: impl Into<String>) -> Self {
        Self { ending: Ending::Refused { reason }, message: message.into() }
    }
}

impl From<ForgeError> for RunError {
    fn from(error: ForgeError) -> Self {
        match error {
            ForgeError::NotFound(text) => Self::refused(Refused::Usage, text),
            ForgeError::Refused(text) | ForgeError::Unreachable(text) => Self::failed(Failed::Forge, text),
            ForgeError::Disk(text) => Self::failed(Failed::Disk, text),
        }
    }
}

impl From<WorkspaceError> for RunError {
    fn from(error: WorkspaceError) -> Self {
        match error {
            WorkspaceError::NotFound(text) | WorkspaceError::Git(text) => Self::failed(Failed::Error, text),
            WorkspaceError::Disk(text) => Self::failed(Failed::Disk, text),
            WorkspaceError::Unclean(text) => Self::refused(Refused::Dirty, text),
            WorkspaceError::Held(text) => Self::refused(Refused::Locked, text),
            WorkspaceError::Unusable(text) => Self::refused(Refused::Usage, text),
        }
    }
}

impl From<JournalError> for RunError {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Disk(text) => Self::failed(Failed::Disk, text),
            JournalError::Held { subject, holder } => {
                let who = match (holder.pid, holder.since) {
                    (Some(pid), Some(since)) => format!("process {pid} holds it since {since}"),
                    (Some(pid), None) => format!("process {pid} holds it"),
                    (None, _) => "another process holds it".to_owned(),
                };
                let message =
                    format!("another agent-loop works on {subject}: {who}; wait for it, or end it first");
                Self::refused(Refused::Locked, message)
            }
        }
    }
}
