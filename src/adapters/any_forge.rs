//! Whichever forge a run works on, as one type: a line for each method of the port.

use crate::domain::branch_rules::BranchRules;
use crate::domain::commit_status::CommitStatus;
use crate::domain::forge_calls::ForgeCalls;
use crate::domain::forge_review::ForgeReview;
use crate::domain::ids::{BranchName, CommitSha, IssueNumber, ItemId, Login, PullRequestNumber};
use crate::domain::pull_request::{CheckBoard, PullRequest, QueuePlace};
use crate::ports::forge::{
    Comment, Forge, ForgeCommands, ForgeError, Issue, Merge, NewIssue, NewPullRequest, OwnIssue, Remarks,
    RunDisplay, Thread,
};

use super::embedded_forge::EmbeddedForge;
use super::github::GithubForge;

/// A forge that exists.
#[derive(Debug)]
pub enum AnyForge {
    Embedded(Box<EmbeddedForge>),
    Github(Box<GithubForge>),
}

/// Does the same on every forge.
macro_rules! each {
    ($this:ident, $forge:ident => $does:expr) => {
        match $this {
            AnyForge::Embedded($forge) => $does,
            AnyForge::Github($forge) => $does,
        }
    };
}

impl AnyForge {
    /// Returns the reason why no issue can be filed, if none can.
    pub fn no_issues(&self) -> Option<String> {
        match self {
            Self::Embedded(_) => None,
            Self::Github(forge) => forge.no_issues(),
        }
    }
}

impl Forge for AnyForge {
    fn commands(&self, number: PullRequestNumber) -> ForgeCommands {
        each!(self, forge => forge.commands(number))
    }

    fn view_of(&self, issue: IssueNumber) -> String {
        each!(self, forge => forge.view_of(issue))
    }

    fn login(&self) -> Login {
        each!(self, forge => forge.login())
    }

    fn calls(&self) -> ForgeCalls {
        each!(self, forge => forge.calls())
    }

    fn repository_id(&self) -> String {
        each!(self, forge => forge.repository_id())
    }

    fn display(&self) -> RunDisplay {
        each!(self, forge => forge.display())
    }

    async fn set_status(&self, number: PullRequestNumber, status: &CommitStatus) -> Result<(), ForgeError> {
        each!(self, forge => forge.set_status(number, status).await)
    }

    async fn publish_review(
        &self,
        number: PullRequestNumber,
        review: &ForgeReview,
    ) -> Result<(), ForgeError> {
        each!(self, forge => forge.publish_review(number, review).await)
    }

    async fn resolve(&self, number: PullRequestNumber, items: &[ItemId]) -> Result<(), ForgeError> {
        each!(self, forge => forge.resolve(number, items).await)
    }

    fn line_url(&self, commit: &CommitSha, path: &str, line: u32) -> Option<String> {
        each!(self, forge => forge.line_url(commit, path, line))
    }

    async fn issue(&self, number: IssueNumber) -> Result<Issue, ForgeError> {
        each!(self, forge => forge.issue(number).await)
    }

    async fn own_issues(&self, key: &str, title: &str) -> Result<Vec<OwnIssue>, ForgeError> {
        each!(self, forge => forge.own_issues(key, title).await)
    }

    async fn file_issue(&self, new: &NewIssue) -> Result<IssueNumber, ForgeError> {
        each!(self, forge => forge.file_issue(new).await)
    }

    async fn pull_request(&self, number: PullRequestNumber) -> Result<PullRequest, ForgeError> {
        each!(self, forge => forge.pull_request(number).await)
    }

    async fn pull_requests_from(&self, branch: &BranchName) -> Result<Vec<PullRequest>, ForgeError> {
        each!(self, forge => forge.pull_requests_from(branch).await)
    }

    async fn checks(&self, head: &CommitSha) -> Result<CheckBoard, ForgeError> {
        each!(self, forge => forge.checks(head).await)
    }

    async fn branch_rules(&self, branch: &BranchName) -> Result<BranchRules, ForgeError> {
        each!(self, forge => forge.branch_rules(branch).await)
    }

    async fn queue_place(&self, number: PullRequestNumber) -> Result<QueuePlace, ForgeError> {
        each!(self, forge => forge.queue_place(number).await)
    }

    async fn comments(&self, number: PullRequestNumber) -> Result<Vec<Comment>, ForgeError> {
        each!(self, forge => forge.comments(number).await)
    }

    async fn remarks(&self, number: PullRequestNumber) -> Result<Remarks, ForgeError> {
        each!(self, forge => forge.remarks(number).await)
    }

    async fn publish(&self, thread: Thread, body: &str) -> Result<(), ForgeError> {
        each!(self, forge => forge.publish(thread, body).await)
    }

    async fn open_pull_request(&self, new: &NewPullRequest) -> Result<PullRequestNumber, ForgeError> {
        each!(self, forge => forge.open_pull_request(new).await)
    }

    async fn merge(&self, number: PullRequestNumber, head: &CommitSha) -> Result<Merge, ForgeError> {
        each!(self, forge => forge.merge(number, head).await)
    }
}
