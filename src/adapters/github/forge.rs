//! The forge port for one repository on GitHub, used with the login of gh.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::adapters::clock::SystemClock;
use crate::adapters::process::time;
use crate::domain::branch_rules::BranchRules;
use crate::domain::commit_status::CommitStatus;
use crate::domain::forge_calls::ForgeCalls;
use crate::domain::forge_review::ForgeReview;
use crate::domain::ids::{BranchName, CommitSha, IssueNumber, ItemId, Login, PullRequestNumber};
use crate::domain::pull_request::{CheckBoard, PullRequest, PullRequestState, QueuePlace};
use crate::domain::subject::Subject;
use crate::ports::clock::Clock;
use crate::ports::forge::{
    Comment, Forge, ForgeCommands, ForgeError, Issue, IssueCommands, Merge, NewIssue, NewPullRequest,
    OwnIssue, Remarks, RunDisplay, Thread,
};

use super::address::RepositoryAddress;
use super::authors::{Authors, Written};
use super::checks::{self, KnownChecks};
use super::client::{GithubRepository, read};
use super::commit_status::{self, KnownStatuses};
use super::edits;
use super::forks;
use super::gh::{Gh, LOOKS, Method, Rows, encoded, locked};
use super::health::{self, LoginHealth};
use super::kept_threads::KeptThreads;
use super::merging;
use super::native_reviews::PublishedReviews;
use super::own_issues;
use super::protection;
use super::remarks;
use super::reply::Fault;
use super::review_threads;
use super::shapes::{CommentJson, IssueJson, PullJson};
use super::subject_check::{self, PullEnds, Visit};
use super::thread::{KnownThread, TakenIn};

/// How long a pull request that was read is good enough for its description.
const JUST_READ: SignedDuration = SignedDuration::from_secs(10);

/// A repository on GitHub.
#[derive(Debug)]
pub struct GithubForge {
    repository: GithubRepository,
    threads: Mutex<BTreeMap<u64, KnownThread>>,
    kept: KeptThreads,
    authors: Authors,
    pulls: Mutex<BTreeMap<u64, (Timestamp, PullJson)>>,
    checked: Mutex<Option<(Timestamp, PullJson)>>,
    statuses: KnownStatuses,
    checks: KnownChecks,
    reviews: PublishedReviews,
}

impl GithubForge {
    /// Opens a repository: reads the login of gh, and the repository, which may have been renamed. Two calls.
    pub async fn open(gh: Gh, address: &RepositoryAddress) -> Result<Self, ForgeError> {
        let repository = GithubRepository::open(gh, address).await?;
        let authors = Authors::of(&repository);
        Ok(Self {
            repository,
            threads: Mutex::default(),
            kept: KeptThreads::default(),
            authors,
            pulls: Mutex::default(),
            checked: Mutex::default(),
            statuses: KnownStatuses::default(),
            checks: KnownChecks::default(),
            reviews: PublishedReviews::default(),
        })
    }

    /// Reads threads from this folder where an earlier command kept them.
    #[must_use]
    pub fn with_threads_of(self, folder: PathBuf) -> Self {
        Self { kept: KeptThreads::read_in(folder), ..self }
    }

    /// Keeps threads for the next command.
    pub fn keep_threads(&self) {
        self.kept.keep();
    }

    /// Returns the base branch of a new change, if none was named.
    pub fn default_branch(&self) -> &BranchName {
        &self.repository.repo.default_branch
    }

    /// Returns the current address of the repository.
    pub fn address(&self) -> RepositoryAddress {
        self.repository.address()
    }

    /// Checks that a run can work on a subject, before it costs anything. Returns the branches of a pull request. At most
    /// three calls.
    pub async fn check_subject(&self, subject: &Subject) -> Result<Option<PullEnds>, ForgeError> {
        let is_known = match subject {
            Subject::Task(_) => false,
            Subject::Issue(number) => self.kept.knows(number.0),
            Subject::PullRequest(number) => self.kept.knows(number.0),
        };
        let visit = if is_known { Visit::Again } else { Visit::First };
        let found = subject_check::check_subject(&self.repository, subject, visit).await?;
        let Some((pull, ends)) = found else { return Ok(None) };
        *locked(&self.checked) = Some((SystemClock.now(), pull));
        Ok(Some(ends))
    }

    /// Takes the pull request as the check of the subject saw it, once and only right after that.
    fn checked(&self, number: PullRequestNumber) -> Option<PullJson> {
        let (at, pull) = locked(&self.checked).take()?;
        let is_new = SystemClock.now().duration_since(at) < JUST_READ;
        (is_new && pull.number == number.0).then_some(pull)
    }

    /// Reads the state of the login for `doctor`. One call.
    pub async fn health(&self) -> Result<LoginHealth, ForgeError> {
        health::health(&self.repository).await
    }

    fn with_thread<T>(&self, number: u64, act: impl FnOnce(&mut KnownThread) -> T) -> T {
        let mut threads = locked(&self.threads);
        let load = || self.kept.load(number).map(KnownThread::kept).unwrap_or_default();
        act(threads.entry(number).or_insert_with(load))
    }

    /// Reads the new and edited comments of a thread. One call, if they fit into a page; one more, if there are records that
    /// neither this process wrote nor an earlier one read.
    async fn thread(&self, number: u64) -> Result<Vec<Arc<Comment>>, ForgeError> {
        let checked = locked(&self.checked)
            .as_ref()
            .and_then(|(at, pull)| pull.comments.filter(|_| pull.number == number).map(|count| (*at, count)));
        if let Some((at, count)) = checked {
            self.with_thread(number, |thread| thread.count(count, at));
        }
        let taken = loop {
            let since = self.with_thread(number, |thread| thread.since());
            let since =
                since.map(|since| format!("?since={}", encoded(&since.to_string()))).unwrap_or_default();
            let read: Vec<CommentJson> =
                self.repository.list(&format!("issues/{number}/comments{since}"), Rows::All).await?;
            match self.with_thread(number, |thread| thread.take_in(read, SystemClock.now())) {
                TakenIn::Outdated => {}
                taken @ (TakenIn::Unchanged | TakenIn::Changed) => break taken,
            }
        };
        let unsure = self.with_thread(number, |thread| thread.unsure());
        let edits = edits::read(&self.repository, unsure).await?;
        let known = self.with_thread(number, |thread| {
            thread.learn(edits);
            thread.comments()
        });
        if taken == TakenIn::Changed {
            self.kept.save(number, known.clone());
        }
        let mut comments = Vec::with_capacity(known.len());
        for CommentJson { id, node_id: _, user, body, created_at, updated_at } in known {
            let written = Written { id: id.to_string(), user, body, created_at, updated_at };
            comments.push(Arc::new(self.authors.comment(&self.repository, written).await?));
        }
        Ok(comments)
    }

    /// Returns whether the thread has a comment of ours with this last line; reads it several times.
    async fn is_published(&self, number: u64, body: &str) -> Result<bool, ForgeError> {
        let mark = |body: &str| body.trim_end().lines().next_back().map(str::to_owned);
        for pause in LOOKS {
            time::wait(pause).await;
            let found = self.thread(number).await?;
            if found.iter().any(|one| one.author == *self.repository.login() && mark(&one.body) == mark(body))
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn opened(&self, new: &NewPullRequest) -> Result<Option<PullRequestNumber>, ForgeError> {
        for pause in LOOKS {
            time::wait(pause).await;
            let found = self.pull_requests_from(&new.head_ref).await?;
            let is_it =
                |one: &&PullRequest| one.state == PullRequestState::Open && one.base_ref == new.base_ref;
            if let Some(open) = found.iter().find(is_it) {
                return Ok(Some(open.number));
            }
        }
        Ok(None)
    }

    async fn filed(&self, new: &NewIssue) -> Result<Option<IssueNumber>, ForgeError> {
        for pause in LOOKS {
            time::wait(pause).await;
            let own = own_issues::newest(&self.repository).await?;
            if let Some(found) = own.iter().find(|one| one.title == new.title && one.body == new.body) {
                return Ok(Some(found.number));
            }
        }
        Ok(None)
    }
}

#[async_trait]
impl Forge for GithubForge {
    fn commands(&self, number: PullRequestNumber) -> ForgeCommands {
        let repository = self.repository.named();
        ForgeCommands {
            merge: format!("gh pr merge {number} --repo {repository}"),
            view: format!("gh pr view {number} --repo {repository}"),
        }
    }

    fn issue_commands(&self, issue: IssueNumber) -> IssueCommands {
        let repository = self.repository.named();
        IssueCommands {
            view: format!("gh issue view {issue} --comments --repo {repository}"),
            comment: format!("gh issue comment {issue} --editor --repo {repository}"),
            decline: format!("gh issue close {issue} --reason 'not planned' --repo {repository}"),
        }
    }

    fn reopening(&self, thread: Thread) -> String {
        let repository = self.repository.named();
        match thread {
            Thread::Issue(number) => format!("gh issue reopen {number} --repo {repository}"),
            Thread::PullRequest(number) => format!("gh pr reopen {number} --repo {repository}"),
        }
    }

    fn closing(&self, thread: Thread) -> String {
        let repository = self.repository.named();
        match thread {
            Thread::Issue(number) => format!("gh issue close {number} --repo {repository}"),
            Thread::PullRequest(number) => format!("gh pr close {number} --repo {repository}"),
        }
    }

    fn login(&self) -> Login {
        self.repository.login().clone()
    }

    fn calls(&self) -> ForgeCalls {
        self.repository.calls()
    }

    fn repository_id(&self) -> String {
        self.repository.id()
    }

    fn display(&self) -> RunDisplay {
        RunDisplay::Reviews
    }

    async fn set_status(&self, number: PullRequestNumber, status: &CommitStatus) -> Result<(), ForgeError> {
        commit_status::set(&self.repository, &self.statuses, number, status).await
    }

    async fn publish_review(
        &self,
        number: PullRequestNumber,
        review: &ForgeReview,
    ) -> Result<(), ForgeError> {
        self.reviews.publish(&self.repository, number, review).await
    }

    async fn resolve(&self, number: PullRequestNumber, items: &[ItemId]) -> Result<(), ForgeError> {
        review_threads::resolve(&self.repository, number, items).await
    }

    fn line_url(&self, commit: &CommitSha, path: &str, line: u32) -> Option<String> {
        Some(self.repository.line_url(commit, path, line))
    }

    fn no_issues(&self) -> Option<String> {
        self.repository.no_issues()
    }

    async fn issue(&self, number: IssueNumber) -> Result<Issue, ForgeError> {
        let issue = self.repository.issue_json(number).await?;
        self.with_thread(number.0, |thread| {
            issue.comments.map(|count| thread.count(count, SystemClock.now()))
        });
        let (state, title) = (issue.state(), issue.title);
        let description = Written {
            id: "description".to_owned(),
            user: issue.user,
            body: issue.body,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        };
        let Comment { author, role, body, .. } = self.authors.comment(&self.repository, description).await?;
        let comments = self.thread(number.0).await?;
        Ok(Issue { number, author, role, state, title, body: body.to_string(), comments })
    }

    async fn own_issues(&self, key: &str, title: &str) -> Result<Vec<OwnIssue>, ForgeError> {
        own_issues::find(&self.repository, key, title).await
    }

    async fn file_issue(&self, new: &NewIssue) -> Result<IssueNumber, ForgeError> {
        let body = json!({ "title": new.title, "body": new.body });
        match self.repository.write(Method::Post, "issues", &body).await {
            Ok(reply) => Ok(IssueNumber(read::<IssueJson>(reply)?.number)),
            Err(Fault::Lost(why)) => {
                self.filed(new).await?.ok_or_else(|| self.repository.failed(Fault::Lost(why)))
            }
            Err(fault) => Err(self.repository.failed(fault)),
        }
    }

    async fn pull_request(&self, number: PullRequestNumber) -> Result<PullRequest, ForgeError> {
        let pull = match self.checked(number) {
            Some(pull) => pull,
            None => self.repository.pull_json(number).await?,
        };
        self.with_thread(number.0, |thread| {
            pull.comments.map(|count| thread.count(count, SystemClock.now()))
        });
        locked(&self.pulls).insert(number.0, (SystemClock.now(), pull.clone()));
        Ok(forks::pull_request(&self.repository, pull))
    }

    async fn pull_requests_from(&self, branch: &BranchName) -> Result<Vec<PullRequest>, ForgeError> {
        let owner = self.repository.repo.full_name.split('/').next().unwrap_or_default();
        let head = encoded(&format!("{owner}:{branch}"));
        let query = format!("pulls?state=all&head={head}&sort=created&direction=asc");
        let found: Vec<PullJson> = self.repository.list(&query, Rows::All).await?;
        Ok(found.into_iter().map(|pull| forks::pull_request(&self.repository, pull)).collect())
    }

    async fn checks(&self, commit: &CommitSha) -> Result<CheckBoard, ForgeError> {
        checks::board(&self.repository, &self.checks, commit).await
    }

    async fn branch_rules(&self, branch: &BranchName) -> Result<BranchRules, ForgeError> {
        protection::branch_rules(&self.repository, branch).await
    }

    async fn comments(&self, number: PullRequestNumber) -> Result<Vec<Arc<Comment>>, ForgeError> {
        self.thread(number.0).await
    }

    async fn remarks(&self, number: PullRequestNumber) -> Result<Remarks, ForgeError> {
        let known = locked(&self.pulls).get(&number.0).cloned();
        let is_new = |(at, _): &(Timestamp, PullJson)| SystemClock.now().duration_since(*at) < JUST_READ;
        let pull = match known.filter(is_new) {
            Some((_, pull)) => pull,
            None => self.repository.pull_json(number).await?,
        };
        remarks::remarks(&self.repository, &self.authors, &pull).await
    }

    async fn publish(&self, thread: Thread, body: &str) -> Result<(), ForgeError> {
        let number = thread.number();
        let path = format!("issues/{number}/comments");
        match self.repository.write(Method::Post, &path, &json!({ "body": body })).await {
            Ok(reply) => {
                let comment: CommentJson = read(reply)?;
                self.with_thread(number, |thread| thread.wrote(comment, SystemClock.now()));
                Ok(())
            }
            Err(Fault::Lost(why)) => {
                let published = self.is_published(number, body).await?;
                if published { Ok(()) } else { Err(self.repository.failed(Fault::Lost(why))) }
            }
            Err(fault) => Err(self.repository.failed(fault)),
        }
    }

    async fn open_pull_request(&self, new: &NewPullRequest) -> Result<PullRequestNumber, ForgeError> {
        let body = json!({
            "title": new.title, "body": new.body, "head": new.head_ref.as_str(), "base": new.base_ref.as_str(),
        });
        match self.repository.write(Method::Post, "pulls", &body).await {
            Ok(reply) => Ok(PullRequestNumber(read::<PullJson>(reply)?.number)),
            // Also where GitHub knows one already, which a lagging list did not show.
            Err(fault @ (Fault::Lost(_) | Fault::Rejected { status: 422, .. })) => {
                self.opened(new).await?.ok_or_else(|| self.repository.failed(fault))
            }
            Err(fault) => Err(self.repository.failed(fault)),
        }
    }

    async fn merge(&self, number: PullRequestNumber, head: &CommitSha) -> Result<Merge, ForgeError> {
        merging::merge(&self.repository, number, head).await
    }

    async fn queue_place(&self, number: PullRequestNumber) -> Result<QueuePlace, ForgeError> {
        merging::queue_place(&self.repository, number).await
    }
}
