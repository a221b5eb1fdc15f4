//! The facts for decisions. A fact is absent until a decision requests it, and is dropped when it may have changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::branch_rules::BranchRules;
use crate::domain::flow_name::FlowName;
use crate::domain::ids::{BranchName, CommitSha, IssueNumber, PullRequestNumber};
use crate::domain::item::CarriedItem;
use crate::domain::pull_request::{CheckBoard, PullRequest, QueuePlace};
use crate::domain::requirement::{Requirement, Requirements};
use crate::domain::subject::Subject;
use crate::protocol::context::{ContextComment, ContextSubject};

use super::ask::Against;
use super::view::FlowOutput;

use serde::{Deserialize, Serialize};

/// All facts by their lookups.
#[derive(Debug, Clone, Default)]
pub struct FlowFacts {
    pub people: BTreeMap<Subject, People>,
    /// The thread of the subject as this command found it, read once.
    pub found: Option<People>,
    pub pull_requests: BTreeMap<PullRequestNumber, PullRequest>,
    pub pull_requests_from: BTreeMap<BranchName, Vec<PullRequest>>,
    pub tips: BTreeMap<BranchName, Option<CommitSha>>,
    pub checks: BTreeMap<CommitSha, CheckBoard>,
    /// The rules of branches for changes, read once.
    pub rules: BTreeMap<BranchName, BranchRules>,
    /// The files in which the merge of the second commit into the first has conflicts.
    pub conflicts: BTreeMap<(CommitSha, CommitSha), Vec<String>>,
    pub queue: BTreeMap<PullRequestNumber, QueuePlace>,
    /// Whether the first commit contains the second.
    pub contains: BTreeMap<(CommitSha, CommitSha), bool>,
    /// Whether a commit changes any file compared with its base.
    pub changes: BTreeMap<(Against, CommitSha), bool>,
    /// The data of an older tool; the inner value is absent if there is none.
    pub older: Option<Option<Carried>>,
    pub outputs: BTreeMap<(FlowName, Subject), Option<FlowOutput>>,
    /// Whether the thread of another subject has a record of the chain.
    pub announced: BTreeMap<Subject, bool>,
}

/// The comments of people in a thread, oldest first, without records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct People {
    /// The issue, if the thread belongs to one that exists.
    pub issue: Option<IssueText>,
    pub comments: Arc<[ContextComment]>,
    /// The comments of people whose requirements count.
    pub trusted: Arc<[ContextComment]>,
    /// The requirements of people with write access.
    pub requirements: Vec<Requirement>,
}

/// The text of an issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueText {
    pub state: Workable,
    pub title: String,
    pub body: String,
}

/// An issue or a task for the prompts of its coder, with the requirements of people.
#[derive(Debug, Clone)]
pub struct IssueFacts {
    pub subject: ContextSubject,
    pub requirements: Requirements,
    pub state: Workable,
}

impl People {
    /// Returns the issue for prompts. The decision of a debate about it is the last comment.
    pub fn subject(&self, number: IssueNumber, decision: Option<&ContextComment>) -> Option<ContextSubject> {
        let IssueText { title, body, .. } = self.issue.clone()?;
        let comments = self.comments.iter().chain(decision).cloned().collect();
        Some(ContextSubject { kind: "issue".to_owned(), number: Some(number.0), title, body, comments })
    }
}

/// Whether a subject is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workable {
    Open,
    Closed,
    /// Closed as not planned.
    Dropped,
}

/// The findings of an older thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Carried {
    /// The open findings.
    pub items: Vec<CarriedItem>,
    /// The number of the next item.
    pub next_item: u64,
}
