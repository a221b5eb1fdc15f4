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
        /// The issue, task or pull request.
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
        /// The label of the agent that is asked.
        label: Label,
        /// What the agent does in it.
        role: Role,
        /// The kind of answer that is wanted.
        kind: ResponseKind,
        /// The size of the prompt in bytes.
        prompt_bytes: usize,
        /// Where its raw output goes.
        log: Option<String>,
    },
    TurnAnswered {
        /// The label of the agent that took it.
        label: Label,
        /// What the agent does in it.
        role: Role,
        /// How long it took, in milliseconds.
        milliseconds: u64,
    },
    TurnFailed {
        /// The label of the agent that took it.
        label: Label,
        /// What the agent does in it.
        role: Role,
        /// What went wrong, and its details.
        failure: TurnFailure,
        /// The raw log, for a person to look at.
        log: Option<String>,
        /// How a malformed answer begins, on one line and without secrets.
        #[serde(skip_serializing_if = "Option::is_none")]
        said: Option<String>,
        follows: Aftermath,
    },
    GateBegun {
        /// The name of the gate.
        gate: GateName,
        /// The commit that is measured.
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
        /// The name of the gate.
        gate: GateName,
        /// Whether the commit passed, failed, or could not be judged.
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
        /// The branch that was moved.
        branch: BranchName,
        /// The commit at which it is now.
        head: CommitSha,
    },
    /// A pull request was opened, or found again.
    PullRequestOpened { number: PullRequestNumber, branch: BranchName },
    /// An issue was filed for a follow-up.
    IssueFiled { number: IssueNumber },
    /// A pull request was merged.
    Merged { number: PullRequestNumber, commit: CommitSha },
    Salvaged {
        /// The ref in the mirror.
        reference: String,
        commit: CommitSha,
    },
    Waiting {
        /// What it waits for, in words.
        what: String,
        /// The instant at which it goes on at the latest.
        until: Timestamp,
    },
    /// Something a person should know, that changes nothing.
    Warning {
        /// The warning, in a sentence or a few.
        text: String,
    },
}
