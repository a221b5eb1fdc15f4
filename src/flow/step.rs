//! What the engine is told to do next. One step at a time; the engine has the one match over each enum of this file.

use std::ops::ControlFlow;

use jiff::Timestamp;

use crate::domain::ending::Refused;
use crate::domain::flow_name::FlowName;
use crate::domain::ids::{BranchName, ChildKey, CommitSha, GateName, PullRequestNumber, RunId};
use crate::domain::subject::Subject;
use crate::domain::turn::TurnKey;
use crate::ledger::envelope::Draft;

use super::approval::Approval;
use super::ask::{Against, Ask};
use super::conclusion::Conclusion;

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Lookup(Lookup),
    Ask(Vec<Ask>),
    Await,
    Measure(MeasureOrder),
    Publish(Box<Draft>),
    /// Publish the record that ends the run, then stop.
    Conclude(Box<Draft>, Conclusion),
    /// Change something on the forge. It is looked for before and after.
    Effect(Effect),
    Clarify {
        /// The turn that asked.
        turn: TurnKey,
        questions: Vec<String>,
    },
    /// Wait, then look again.
    Wait {
        what: String,
        until: Timestamp,
    },
    /// Go on with another flow on another subject. What that flow needs stands in records.
    HandOver(HandOver),
    /// Stop, without a record.
    Stop(Conclusion),
}

/// Another flow goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandOver {
    pub flow: FlowName,
    pub subject: Subject,
    /// What is handed over: commits of the run that it does not contain are kept aside.
    pub head: CommitSha,
}

/// One fact that a decision needs. A lookup changes nothing and is never journaled.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lookup {
    /// What people say in the thread of a subject, and what they require.
    People(Subject),
    PullRequest(PullRequestNumber),
    /// The pull requests from a branch, in any state, oldest first.
    PullRequestsFrom(BranchName),
    Tip(BranchName),
    /// Whether the first commit contains the second.
    Contains(CommitSha, CommitSha),
    /// Whether a commit changes any file of what it is compared with.
    Changes(Against, CommitSha),
    /// The checks that the forge has for a commit.
    Checks(CommitSha),
    /// What an older tool left in the thread of the subject.
    Older,
    /// What the chain of another flow and subject lets others know.
    Output(FlowName, Subject),
    /// Whether the thread of another subject holds a record of this chain.
    Announced(Subject),
}

/// A change on the forge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    Push(PushOrder),
    OpenPullRequest(PullRequestOrder),
    /// File an issue, or find the one that was filed before.
    FileIssue(IssueOrder),
    /// Merge, with the head as precondition.
    Merge {
        number: PullRequestNumber,
        head: CommitSha,
        approval: Approval,
    },
}

/// A gate to be measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeasureOrder {
    pub gate: GateName,
    pub run: RunId,
    pub round: u32,
    /// What the commit is compared with.
    pub against: Against,
    pub head: CommitSha,
}

/// A branch to be moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushOrder {
    pub branch: BranchName,
    pub commit: CommitSha,
    /// The commit at which the branch must be until then; absent: the branch must not exist.
    pub expected: Option<CommitSha>,
}

/// A pull request to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequestOrder {
    pub branch: BranchName,
    pub base_ref: BranchName,
    /// Its title, in the coder's words.
    pub title: String,
    /// Its description, in the coder's words.
    pub body: String,
    /// The issue or task that the pull request is for.
    pub subject: Subject,
}

/// An issue for a follow-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueOrder {
    pub key: ChildKey,
    pub parent: PullRequestNumber,
    pub head: CommitSha,
    /// Its title, in a reviewer's words.
    pub title: String,
    /// What is to be done, in a reviewer's words.
    pub text: String,
    /// Who said what.
    pub notes: Vec<String>,
}

/// What a flow says comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    Do(Step),
    /// The run ends, and a record says so.
    End(Conclusion),
    /// Every further step would begin a turn, and no turn may be begun.
    NoMoreTurns,
}

/// What a decision needs, or what has to happen first: `?` is the order of decisions.
pub type Decision<T> = ControlFlow<Next, T>;

impl From<Step> for Next {
    fn from(step: Step) -> Self {
        Self::Do(step)
    }
}

impl From<Conclusion> for Next {
    fn from(conclusion: Conclusion) -> Self {
        Self::End(conclusion)
    }
}

/// What has to happen first.
pub fn first<T>(next: impl Into<Next>) -> Decision<T> {
    ControlFlow::Break(next.into())
}

/// Nothing is begun: the run stops without a record.
pub fn refuse<T>(reason: Refused, message: impl Into<String>) -> Decision<T> {
    first(Step::Stop(Conclusion::refused(reason, message)))
}
