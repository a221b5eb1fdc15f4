//! The forge: issues, pull requests, comments, checks. All texts from the forge are data, never instructions.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::branch_rules::BranchRules;
use crate::domain::commit_status::CommitStatus;
use crate::domain::ending::Refused;
use crate::domain::forge_calls::ForgeCalls;
use crate::domain::forge_review::ForgeReview;
use crate::domain::ids::{BranchName, CommitSha, IssueNumber, ItemId, Login, PullRequestNumber};
use crate::domain::pull_request::{CheckBoard, MergeConflict, PullRequest, QueuePlace};

/// A comment on the forge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comment {
    /// The forge's id of the comment.
    pub id: String,
    pub author: Login,
    /// The author's permissions. A forge that must ask for them asks only for authors of signed requirements and of
    /// records. They are not saved: saved threads are checked by records and authors only.
    #[serde(skip)]
    pub role: AuthorRole,
    pub body: Arc<str>,
    pub created_at: Timestamp,
    /// The time of the last edit; `created_at` if there is none.
    pub updated_at: Timestamp,
}

/// What people say on a pull request besides its thread.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remarks {
    pub description: Option<Comment>,
    /// The texts of reviews, oldest first, without those that this program published.
    pub reviews: Vec<Comment>,
}

/// The permissions of an author in the repository.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AuthorRole {
    Owner,
    Member,
    #[default]
    Stranger,
}

/// An issue with its discussion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    pub number: IssueNumber,
    pub author: Login,
    pub role: AuthorRole,
    pub state: IssueState,
    pub title: String,
    pub body: String,
    /// The comments, oldest first, including records.
    pub comments: Vec<Arc<Comment>>,
}

/// The state of an issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssueState {
    Open,
    Closed,
    /// Closed as not planned.
    NotPlanned,
}

/// The thread of comments in which a record is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thread {
    Issue(IssueNumber),
    PullRequest(PullRequestNumber),
}

impl Thread {
    /// Returns the number of the issue or pull request.
    pub fn number(self) -> u64 {
        match self {
            Self::Issue(number) => number.0,
            Self::PullRequest(number) => number.0,
        }
    }
}

/// A pull request that does not exist yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPullRequest {
    /// The branch with the change, which exists on the forge.
    pub head_ref: BranchName,
    pub base_ref: BranchName,
    pub title: String,
    pub body: String,
}

/// An issue that does not exist yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewIssue {
    pub title: String,
    pub body: String,
}

/// An issue that this login filed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnIssue {
    pub number: IssueNumber,
    pub title: String,
    pub body: String,
}

/// The result of a merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merge {
    /// The pull request is merged, by this commit.
    Merged(CommitSha),
    /// The pull request has another head and was not merged.
    HeadMoved(CommitSha),
    Conflict(MergeConflict),
    /// The pull request cannot be merged without a person.
    NotMerged(String),
    /// The pull request is in the forge's merge queue.
    Queued,
}

/// An error of the forge.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ForgeError {
    #[error("{0}")]
    NotFound(String),
    /// The forge, or the user's checkout, rejected the request; the text names a solution.
    #[error("{0}")]
    Refused(String),
    /// No run can work on this; the text names a solution.
    #[error("{1}")]
    Unworkable(Refused, String),
    /// The login has used up its requests. Nothing was done.
    #[error("{text}")]
    Limited { resets_at: Timestamp, text: String },
    /// The forge could not be reached, or its answer was invalid. A write may have happened.
    #[error("{0}")]
    Unreachable(String),
    /// The disk of a forge on this machine could not be read or written.
    #[error("{0}")]
    Disk(String),
}

/// The commands for a pull request on this forge, for messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForgeCommands {
    pub merge: String,
    pub view: String,
}

/// The commands for an issue on this forge, for messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueCommands {
    /// Shows the issue with its comments.
    pub view: String,
    /// Reads a comment from the person who types the command.
    pub comment: String,
    /// Closes the issue as not planned.
    pub decline: String,
}

/// The display of a run on a forge, besides the comments with its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RunDisplay {
    Comments,
    /// Also a status on the head of the pull request.
    Status,
    /// Also reviews of the forge's own kind.
    Reviews,
}

/// A forge, used by one login.
#[async_trait]
pub trait Forge: Send + Sync {
    fn commands(&self, number: PullRequestNumber) -> ForgeCommands;

    fn issue_commands(&self, issue: IssueNumber) -> IssueCommands;

    /// Returns the command that reopens a closed issue or pull request, for the people of this forge.
    fn reopening(&self, thread: Thread) -> String;

    /// Returns the command that closes an issue or pull request, for the people of this forge.
    fn closing(&self, thread: Thread) -> String;

    fn login(&self) -> Login;

    /// Returns how often the forge was called, where calls are limited.
    fn calls(&self) -> ForgeCalls {
        ForgeCalls::default()
    }

    /// Returns the forge's own id of the repository, which does not change when the repository is renamed.
    fn repository_id(&self) -> String;

    /// Returns the display of a run on this forge, besides comments.
    fn display(&self) -> RunDisplay {
        RunDisplay::Comments
    }

    /// Sets the status of a pull request's run, unless the commit has this status. It is not one of the commit's checks.
    async fn set_status(&self, _number: PullRequestNumber, _status: &CommitStatus) -> Result<(), ForgeError> {
        Ok(())
    }

    /// Publishes a review of the forge's own kind, unless the pull request has one with this mark.
    async fn publish_review(
        &self,
        _number: PullRequestNumber,
        _review: &ForgeReview,
    ) -> Result<(), ForgeError> {
        Ok(())
    }

    /// Marks the conversations about these findings as resolved.
    async fn resolve(&self, _number: PullRequestNumber, _items: &[ItemId]) -> Result<(), ForgeError> {
        Ok(())
    }

    /// Returns the address of a line of a file at a commit, for links.
    fn line_url(&self, _commit: &CommitSha, _path: &str, _line: u32) -> Option<String> {
        None
    }

    /// Returns the reason why no issue can be filed, if none can.
    fn no_issues(&self) -> Option<String> {
        None
    }

    async fn issue(&self, number: IssueNumber) -> Result<Issue, ForgeError>;

    /// Finds the issues of this login with this key in the description or with this title, in any state, oldest first. Of very
    /// many issues, only new ones are found by key alone.
    async fn own_issues(&self, key: &str, title: &str) -> Result<Vec<OwnIssue>, ForgeError>;

    /// Files an issue. After an error, callers search for the issue before they try again.
    async fn file_issue(&self, new: &NewIssue) -> Result<IssueNumber, ForgeError>;

    /// Reads a pull request. Its head is the current tip of its branch.
    async fn pull_request(&self, number: PullRequestNumber) -> Result<PullRequest, ForgeError>;

    /// Finds the pull requests from this branch, in any state, oldest first.
    async fn pull_requests_from(&self, head_ref: &BranchName) -> Result<Vec<PullRequest>, ForgeError>;

    /// Reads the checks that were reported on a commit.
    async fn checks(&self, commit: &CommitSha) -> Result<CheckBoard, ForgeError>;

    /// Reads the rules of a branch for changes. A forge without rules returns none.
    async fn branch_rules(&self, _branch: &BranchName) -> Result<BranchRules, ForgeError> {
        Ok(BranchRules::default())
    }

    /// Reads the place of a pull request in the merge queue. On a forge without a queue it is not waiting.
    async fn queue_place(&self, _number: PullRequestNumber) -> Result<QueuePlace, ForgeError> {
        Ok(QueuePlace::Removed)
    }

    async fn comments(&self, number: PullRequestNumber) -> Result<Vec<Arc<Comment>>, ForgeError>;

    /// Reads what people say on a pull request besides its thread. None of this is ever a record.
    async fn remarks(&self, _number: PullRequestNumber) -> Result<Remarks, ForgeError> {
        Ok(Remarks::default())
    }

    /// Publishes a comment. After an error, callers read the thread before they try again.
    async fn publish(&self, thread: Thread, body: &str) -> Result<(), ForgeError>;

    /// Opens a pull request. After an error, callers search for one before they try again.
    async fn open_pull_request(&self, new: &NewPullRequest) -> Result<PullRequestNumber, ForgeError>;

    /// Merges a pull request if it still has this head. For a merged one, returns the merge commit.
    async fn merge(&self, number: PullRequestNumber, head: &CommitSha) -> Result<Merge, ForgeError>;
}
