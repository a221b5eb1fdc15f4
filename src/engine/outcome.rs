//! The outcome of a run for people and scripts.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::domain::ending::{Ending, Failed, Parked, Refused};
use crate::domain::forge_calls::ForgeCalls;
use crate::domain::ids::{CommitSha, IssueNumber, RunId};
use crate::domain::instant::utc;
use crate::domain::item::Item;
use crate::domain::item_status::ItemStatus;
use crate::domain::subject::Subject;
use crate::domain::usage::Usage;
use crate::flow::conclusion::Reached;
use crate::flow::view::View;
use crate::ports::forge::{ForgeCommands, ForgeError, IssueCommands};
use crate::ports::journal::JournalError;
use crate::ports::workspace::WorkspaceError;

/// The outcome of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub ending: Ending,
    pub reached: Reached,
    pub message: String,
    pub run: Option<RunId>,
    /// The subject at the end; `None` if the command was refused before it had one.
    pub subject: Option<Subject>,
    pub base: Option<CommitSha>,
    /// The state of the flow.
    pub view: View,
    pub usage: Usage,
    /// Duration of the command, filled in by the caller.
    pub elapsed: Option<Duration>,
    /// The path of the usage summary, once it is written.
    pub usage_summary: Option<PathBuf>,
    /// The logs of agents whose last turn failed, by agent; added by the view.
    pub failed_logs: BTreeMap<String, String>,
    /// The commands for the pull request on the forge.
    pub commands: Option<ForgeCommands>,
    /// The commands for the issue on the forge.
    pub issue_commands: Option<IssueCommands>,
    /// The command that reopens the issue or pull request.
    pub reopening: Option<String>,
    /// The command that removes the cause of an error, if one does.
    pub next: Option<String>,
    /// The issue that a person must close before the next command.
    pub next_after: Option<IssueNumber>,
    /// A command that most likely runs the tests, if this machine knows one.
    pub known_tests: Option<String>,
    /// The calls of the forge, filled in by the caller.
    pub forge_calls: ForgeCalls,
    /// The number of secrets that were redacted, by kind.
    pub redacted: BTreeMap<String, usize>,
}

impl Outcome {
    /// Creates an outcome with only an ending.
    pub fn bare(subject: impl Into<Option<Subject>>, ending: Ending, message: String) -> Self {
        Self {
            ending,
            reached: Reached::Now,
            message,
            run: None,
            subject: subject.into(),
            base: None,
            view: View::default(),
            usage: Usage::default(),
            elapsed: None,
            forge_calls: ForgeCalls::default(),
            usage_summary: None,
            failed_logs: BTreeMap::new(),
            commands: None,
            issue_commands: None,
            reopening: None,
            next: None,
            next_after: None,
            known_tests: None,
            redacted: BTreeMap::new(),
        }
    }

    /// Creates the outcome of a run that an error ended.
    pub fn of_error(subject: impl Into<Option<Subject>>, error: RunError) -> Self {
        Self { next: error.next, ..Self::bare(subject, error.ending, error.message) }
    }

    pub fn open_items(&self) -> impl Iterator<Item = &Item> {
        self.view.items.iter().filter(|item| item.must_fix())
    }

    /// Returns the items that deserve a change of their own.
    pub fn future_items(&self) -> impl Iterator<Item = &Item> {
        self.view.items.iter().filter(|item| item.status == ItemStatus::Future)
    }

    pub fn resolved(&self) -> usize {
        self.view.items.iter().filter(|item| item.status == ItemStatus::Resolved).count()
    }
}

/// The reason why the loop had to stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunError {
    pub ending: Ending,
    pub message: String,
    /// The command that removes the cause, if one does.
    pub next: Option<String>,
}

impl RunError {
    pub fn new(ending: Ending, message: impl Into<String>) -> Self {
        Self { ending, message: message.into(), next: None }
    }

    pub fn failed(reason: Failed, message: impl Into<String>) -> Self {
        Self::new(Ending::Failed { reason }, message)
    }

    /// Creates the error of a refused command.
    pub fn refused(reason: Refused, message: impl Into<String>) -> Self {
        Self::new(Ending::Refused { reason }, message)
    }

    /// Creates the error of a command that cannot be meant as it was typed.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::refused(Refused::Usage, message)
    }

    /// Creates the error of a command whose settings are invalid.
    pub fn config(message: impl Into<String>) -> Self {
        Self::refused(Refused::Config, message)
    }

    /// Names the command that removes the cause.
    #[must_use]
    pub fn with_next(self, command: impl Into<String>) -> Self {
        Self { next: Some(command.into()), ..self }
    }
}

impl From<ForgeError> for RunError {
    fn from(error: ForgeError) -> Self {
        match error {
            ForgeError::NotFound(text) => Self::usage(text),
            ForgeError::Refused(text) | ForgeError::Unreachable(text) => Self::failed(Failed::Forge, text),
            ForgeError::Unworkable(reason, text) => Self::refused(reason, text),
            ForgeError::Limited { resets_at, text } => {
                let ending = Ending::Parked { resets_at, reason: Parked::RateLimit };
                Self::new(ending, text)
            }
            ForgeError::Disk(text) => Self::failed(Failed::Disk, text),
        }
    }
}

impl From<WorkspaceError> for RunError {
    fn from(error: WorkspaceError) -> Self {
        match error {
            WorkspaceError::NotFound(text) | WorkspaceError::Git(text) | WorkspaceError::Damaged(text) => {
                Self::failed(Failed::Error, text)
            }
            WorkspaceError::Stranded { text, command } => {
                Self::failed(Failed::Error, text).with_next(command)
            }
            WorkspaceError::Disk(text) => Self::failed(Failed::Disk, text),
            WorkspaceError::Unclean(text) => Self::refused(Refused::Dirty, text),
            WorkspaceError::Held(text) => Self::refused(Refused::Locked, text),
            WorkspaceError::Unusable(text) => Self::usage(text),
        }
    }
}

impl From<JournalError> for RunError {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Disk(text) => Self::failed(Failed::Disk, text),
            JournalError::Held { subject, holder } => {
                let who = match (holder.pid, holder.since) {
                    (Some(pid), Some(since)) => format!("process {pid} since {}", utc(since)),
                    (Some(pid), None) => format!("process {pid}"),
                    (None, _) => "process unknown".to_owned(),
                };
                let message = format!(
                    "another agent-loop is working on {subject} ({who}); wait until it has ended, or type `agent-loop stop {subject}`"
                );
                Self::refused(Refused::Locked, message)
            }
        }
    }
}
