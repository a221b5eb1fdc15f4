//! The events of a run, as values. Messages and JSON are made from them in `cli/view`.

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::agent::{ResponseKind, Role};
use crate::domain::announcement::Announcement;
use crate::domain::failure::TurnFailure;
use crate::domain::follow_up_action::FollowUpAction;
use crate::domain::gate::Verdict;
use crate::domain::ids::{BranchName, CommitSha, GateName, IssueNumber, Label, PullRequestNumber};
use crate::domain::subject::Subject;
use crate::domain::usage::Usage;

/// An event of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum RunEvent {
    /// The engine starts with a subject.
    Begun {
        subject: Subject,
    },
    RoundBegun {
        round: u32,
        max_rounds: u32,
        head: CommitSha,
    },
    TurnBegun {
        label: Label,
        role: Role,
        kind: ResponseKind,
        prompt_bytes: usize,
        /// The path of the raw output.
        log: Option<String>,
    },
    TurnAnswered {
        label: Label,
        role: Role,
        milliseconds: u64,
    },
    TurnFailed {
        label: Label,
        role: Role,
        failure: TurnFailure,
        /// The path of the raw output.
        log: Option<String>,
        /// The beginning of an answer without an object, on one line and without secrets.
        #[serde(skip_serializing_if = "Option::is_none")]
        said: Option<String>,
        follows: FollowUpAction,
    },
    GateBegun {
        gate: GateName,
        head: CommitSha,
        /// The path of the raw output.
        log: Option<String>,
    },
    /// The number of items or the usage has changed.
    Counted {
        /// The number of items that must be fixed.
        open: usize,
        /// The number of items that deserve a separate change.
        future: usize,
        resolved: usize,
        usage: Usage,
    },
    GateMeasured {
        gate: GateName,
        verdict: Verdict,
    },
    /// A record was published.
    Published {
        /// The subject of the run that published it.
        subject: Subject,
        #[serde(flatten)]
        announcement: Announcement,
    },
    /// The run was opened by an earlier command, in this way.
    Resumed {
        subject: Subject,
        #[serde(flatten)]
        announcement: Announcement,
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
        /// The reason, for people.
        what: String,
        until: Timestamp,
    },
    Warning {
        text: String,
    },
}
