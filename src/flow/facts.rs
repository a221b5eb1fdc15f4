//! What was looked up for a decision. A fact is absent until a decision asks for it, and dropped when it may have changed.

use std::collections::BTreeMap;

use crate::domain::flow_name::FlowName;
use crate::domain::ids::{BranchName, CommitSha, PullRequestNumber};
use crate::domain::item::CarriedItem;
use crate::domain::pull_request::{Check, PullRequest};
use crate::domain::requirement::Requirement;
use crate::domain::subject::Subject;
use crate::protocol::context::ContextComment;

use super::ask::Against;
use super::view::FlowOutput;

use serde::{Deserialize, Serialize};

/// Everything that was looked up, by what was asked for.
#[derive(Debug, Clone, Default)]
pub struct FlowFacts {
    pub people: BTreeMap<Subject, People>,
    pub pull_requests: BTreeMap<PullRequestNumber, PullRequest>,
    pub pull_requests_from: BTreeMap<BranchName, Vec<PullRequest>>,
    pub tips: BTreeMap<BranchName, Option<CommitSha>>,
    /// The checks of commits that are no longer the head.
    pub checks: BTreeMap<CommitSha, Vec<Check>>,
    /// Whether the first commit contains the second.
    pub contains: BTreeMap<(CommitSha, CommitSha), bool>,
    /// Whether a commit changes any file of what it is compared with.
    pub changes: BTreeMap<(Against, CommitSha), bool>,
    /// What an older tool left; the inner value is absent where it left nothing.
    pub older: Option<Option<Carried>>,
    pub outputs: BTreeMap<(FlowName, Subject), Option<FlowOutput>>,
    /// Whether the thread of another subject holds a record of the chain.
    pub announced: BTreeMap<Subject, bool>,
}

/// What people say in a thread, oldest first, records left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct People {
    /// The issue, if the thread is one's and the forge has it.
    pub issue: Option<IssueText>,
    pub comments: Vec<ContextComment>,
    /// What those who may write to the repository require.
    pub requirements: Vec<Requirement>,
}

/// An issue's own text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueText {
    pub state: Workable,
    pub title: String,
    pub body: String,
}

/// Whether a subject can be worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workable {
    Open,
    Closed,
}

/// What an older thread leaves to begin with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Carried {
    /// What must still be fixed.
    pub items: Vec<CarriedItem>,
    /// The number of the next item.
    pub next_item: u64,
}
