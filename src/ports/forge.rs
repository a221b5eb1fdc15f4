//! The forge: issues, pull requests, comments, checks. Every text that comes from it is data, never an instruction.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::ids::{BranchName, CommitSha, IssueNumber, Login, PullRequestNumber};
use crate::domain::pull_request::{Check, PullRequest};

/// A comment, as it stands on the forge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comment {
    /// The forge's id of it; forge order is the order in which comments are returned.
    pub id: String,
    pub author: Login,
    /// What that login may do. It is not saved: whoever reads a saved thread judges records and authors only.
    #[serde(skip)]
    pub standing: AuthorRole,
    pub body: String,
    pub created_at: Timestamp,
    /// When it was last edited; equal to `created_at` if never.
    pub updated_at: Timestamp,
}

/// What an author may do in the repository.
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
    pub standing: AuthorRole,
    pub state: IssueState,
    pub title: String,
    pub body: String,
    /// Its comments, oldest first, records included.
    pub comments: Vec<Comment>,
}

/// Whether an issue is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssueState {
    Open,
    Closed,
}

/// Where a record is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thread {
    Issue(IssueNumber),
    PullRequest(PullRequestNumber),
}

/// A pull request that does not exist yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPullRequest {
    /// The branch with the change; it exists on the forge.
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

/// What became of a merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merge {
    /// It is merged, by this commit.
    Merged(CommitSha),
    /// The head is another one; nothing was done.
    HeadMoved(CommitSha),
    /// It can't be merged without a person.
    Conflict(String),
}

/// Why the forge did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ForgeError {
    #[error("{0}")]
    NotFound(String),
    /// The forge, or a checkout behind it, says no; the text says what to do.
    #[error("{0}")]
    Refused(String),
    /// It could not be reached, or answered with nonsense. A write may have happened or not.
    #[error("{0}")]
    Unreachable(String),
    /// The disk of a forge on this machine could not be read or written.
    #[error("{0}")]
    Disk(String),
}

/// What a person types on this forge about a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForgeCommands {
    pub merge: String,
    pub view: String,
}

/// A forge, seen as one login.
pub trait Forge: Send + Sync {
    /// What a person types about a pull request.
    fn commands(&self, number: PullRequestNumber) -> ForgeCommands;

    fn login(&self) -> Login;

    /// The forge's own id of the repository: it stays the same when the repository is renamed.
    fn repository_id(&self) -> String;

    fn issue(&self, number: IssueNumber) -> impl Future<Output = Result<Issue, ForgeError>> + Send;

    /// Finds the issues that this login filed and whose title or description holds these words, in any state, oldest first.
    fn own_issues(&self, words: &str) -> impl Future<Output = Result<Vec<OwnIssue>, ForgeError>> + Send;

    /// Files an issue. After an error the caller looks for it before it tries again.
    fn file_issue(&self, new: &NewIssue) -> impl Future<Output = Result<IssueNumber, ForgeError>> + Send;

    /// Reads a pull request, its head being the tip of its branch at this instant.
    fn pull_request(
        &self,
        number: PullRequestNumber,
    ) -> impl Future<Output = Result<PullRequest, ForgeError>> + Send;

    /// Finds the pull requests from this branch, in any state, oldest first.
    fn pull_requests_from(
        &self,
        head_ref: &BranchName,
    ) -> impl Future<Output = Result<Vec<PullRequest>, ForgeError>> + Send;

    /// Reads the checks that were reported on a commit.
    fn checks(&self, commit: &CommitSha) -> impl Future<Output = Result<Vec<Check>, ForgeError>> + Send;

    fn comments(
        &self,
        number: PullRequestNumber,
    ) -> impl Future<Output = Result<Vec<Comment>, ForgeError>> + Send;

    /// Publishes a comment. After an error the caller reads the thread before it writes again.
    fn publish(&self, thread: Thread, body: &str) -> impl Future<Output = Result<(), ForgeError>> + Send;

    /// Opens a pull request. After an error the caller looks for one before it tries again.
    fn open_pull_request(
        &self,
        new: &NewPullRequest,
    ) -> impl Future<Output = Result<PullRequestNumber, ForgeError>> + Send;

    /// Merges, if the head is still this one. Merging what is merged already answers with the merge commit.
    fn merge(
        &self,
        number: PullRequestNumber,
        head: &CommitSha,
    ) -> impl Future<Output = Result<Merge, ForgeError>> + Send;
}
