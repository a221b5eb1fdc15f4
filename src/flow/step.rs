//! The next step for the engine, which has one match over each enum of this file.

use std::ops::ControlFlow;

use jiff::Timestamp;

use crate::domain::child_issue::ChildIssue;
use crate::domain::ending::Refused;
use crate::domain::flow_name::FlowName;
use crate::domain::ids::{BranchName, CommitSha, GateName, PullRequestNumber, RunId};
use crate::domain::pull_request::PullRequestPurpose;
use crate::domain::subject::Subject;
use crate::domain::turn::TurnKey;
use crate::ledger::envelope::Draft;

use super::approval::Approval;
use super::ask::{Against, Ask};
use super::conclusion::Conclusion;

/// The next step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Lookup(Lookup),
    Ask(Vec<Ask>),
    Await,
    Measure(MeasureOrder),
    Publish(Box<Draft>),
    /// Publish the record that ends the run, then stop.
    Conclude(Box<Draft>, Conclusion),
    /// Change something on the forge. The engine checks before and after whether it happened.
    Effect(Effect),
    Clarify {
        /// The turn with the questions.
        turn: TurnKey,
        questions: Vec<String>,
    },
    /// Wait, then decide again.
    Wait {
        what: String,
        until: Timestamp,
    },
    /// Hand over to another flow on another subject. Records have everything that the flow needs.
    HandOver(HandOver),
    /// Stop, without a record.
    Stop(Conclusion),
}

/// A handover to another flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandOver {
    pub flow: FlowName,
    pub subject: Subject,
    /// The head that is handed over: commits of the run that it does not contain are salvaged.
    pub head: CommitSha,
}

/// A fact that a decision needs. A lookup changes nothing and is never journaled.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lookup {
    /// The comments of people in the thread of a subject, and their requirements.
    People(Subject),
    /// The thread of the subject as this command found it.
    Found,
    PullRequest(PullRequestNumber),
    /// The pull requests from a branch, in any state, oldest first.
    PullRequestsFrom(BranchName),
    Tip(BranchName),
    /// Whether the first commit contains the second.
    Contains(CommitSha, CommitSha),
    /// Whether a commit changes any file compared with its base.
    Changes(Against, CommitSha),
    /// The forge's checks of a commit.
    Checks(CommitSha),
    /// The files in which the merge of the second commit into the first has conflicts.
    Conflicts(CommitSha, CommitSha),
    /// The place of a pull request in the forge's merge queue.
    Queue(PullRequestNumber),
    /// The rules of a branch for changes.
    Rules(BranchName),
    /// The data of an older tool in the thread of the subject.
    Older,
    /// The output of the chain of another flow and subject.
    Output(FlowName, Subject),
    /// Whether the thread of another subject has a record of this chain.
    Announced(Subject),
}

/// A change on the forge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    Push(PushOrder),
    OpenPullRequest(PullRequestOrder),
    /// File an issue, or find the one that was filed before.
    FileIssue(Box<ChildIssue>),
    /// Merge if the pull request has this head.
    Merge {
        number: PullRequestNumber,
        head: CommitSha,
        approval: Approval,
    },
}

/// A measurement of a gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeasureOrder {
    pub gate: GateName,
    pub run: RunId,
    pub round: u32,
    /// The commit with which the head is compared.
    pub against: Against,
    pub head: CommitSha,
    /// The text of the task or issue that the change is for; empty if it is not known from our own records.
    pub task: String,
}

/// A move of a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushOrder {
    pub branch: BranchName,
    pub commit: CommitSha,
    /// The expected commit of the branch; `None`: the branch must not exist.
    pub expected: Option<CommitSha>,
}

/// A new pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequestOrder {
    pub branch: BranchName,
    pub base_ref: BranchName,
    /// The title by the coder.
    pub title: String,
    /// The description by the coder.
    pub body: String,
    pub purpose: PullRequestPurpose,
}

/// The decision of a flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    Do(Step),
    /// The run ends with a record.
    End(Conclusion),
    /// Every possible step would start a turn, and no turn may start.
    NoMoreTurns,
}

/// The result of a decision, or the step that must come first: `?` defines the order of decisions.
pub type Decision<T> = ControlFlow<Next, T>;

impl From<Step> for Next {
    fn from(step: Step) -> Self {
        Self::Do(step)
    }
}

impl From<Effect> for Next {
    fn from(effect: Effect) -> Self {
        Self::Do(Step::Effect(effect))
    }
}

impl From<Conclusion> for Next {
    fn from(conclusion: Conclusion) -> Self {
        Self::End(conclusion)
    }
}

/// Returns a step that must come first.
pub fn first<T>(next: impl Into<Next>) -> Decision<T> {
    ControlFlow::Break(next.into())
}

/// Stops the run of a closed issue, before it starts.
pub fn refuse_closed<T>() -> Decision<T> {
    refuse(Refused::ClosedSubject, "the issue is closed; reopen it, then run the same command again")
}

/// Stops the run without a record, before it starts.
pub fn refuse<T>(reason: Refused, message: impl Into<String>) -> Decision<T> {
    first(Step::Stop(Conclusion::refused(reason, message)))
}
