//! What the engine tells whoever watches, as values; words and JSON are made of them elsewhere.

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::aftermath::Aftermath;
use crate::domain::agent::{ResponseKind, Role};
use crate::domain::failure::TurnFailure;
use crate::domain::gate::Verdict;
use crate::domain::ids::{BranchName, CommitSha, GateName, IssueNumber, Label, PullRequestNumber};
use crate::domain::subject::Subject;
use crate::domain::usage::Usage;

/// Something that happened in a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum RunEvent {
    /// The engine looks at a subject.
    Begun {
        subject: Subject,
    },
    /// A round of review begins.
    RoundBegun {
        round: u32,
        /// The last that may be taken.
        max_rounds: u32,
        head: CommitSha,
    },
    /// A turn is asked for.
    TurnBegun {
        label: Label,
        role: Role,
        kind: ResponseKind,
        /// The size of the prompt in bytes.
        prompt_bytes: usize,
        /// Where its raw output goes.
        log: Option<String>,
    },
    TurnAnswered {
        label: Label,
        role: Role,
        /// How long it took, in milliseconds.
        milliseconds: u64,
    },
    TurnFailed {
        label: Label,
        role: Role,
        failure: TurnFailure,
        /// The raw log, for a person to look at.
        log: Option<String>,
        /// How a malformed answer begins, on one line and without secrets.
        #[serde(skip_serializing_if = "Option::is_none")]
        said: Option<String>,
        follows: Aftermath,
    },
    GateBegun {
        gate: GateName,
        head: CommitSha,
        /// Where its raw output goes.
        log: Option<String>,
    },
    /// The ledger says something new.
    Counted {
        /// Items that must be fixed.
        open: usize,
        /// Items that are worth a change of their own.
        future: usize,
        resolved: usize,
        /// What the run has cost.
        usage: Usage,
    },
    GateMeasured {
        gate: GateName,
        verdict: Verdict,
    },
    Published {
        /// The issue, task or pull request in whose thread or journal it stands.
        subject: Subject,
        /// One line that says what it says.
        line: String,
        /// How the run ends, if it says that.
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<&'static str>,
    },
    Pushed {
        branch: BranchName,
        head: CommitSha,
    },
    PullRequestOpened {
        number: PullRequestNumber,
        branch: BranchName,
    },
    IssueFiled {
        number: IssueNumber,
    },
    Merged {
        number: PullRequestNumber,
        commit: CommitSha,
    },
    Salvaged {
        reference: String,
        commit: CommitSha,
    },
    Waiting {
        /// What it waits for, in words.
        what: String,
        until: Timestamp,
    },
    /// Something a person should know, that changes nothing.
    Warning {
        text: String,
    },
}
