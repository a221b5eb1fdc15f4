//! The forge port for one repository on GitHub, used with the login of gh.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::json;

use crate::adapters::clock::SystemClock;
use crate::adapters::process::time;
use crate::domain::branch_rules::BranchRules;
use crate::domain::commit_status::CommitStatus;
use crate::domain::forge_review::ForgeReview;
use crate::domain::ids::{BranchName, CommitSha, IssueNumber, ItemId, Login, PullRequestNumber};
use crate::domain::pull_request::{CheckBoard, PullRequest, PullRequestState, QueuePlace};
use crate::domain::subject::Subject;
use crate::ledger::codec;
use crate::ports::clock::Clock;
use crate::ports::forge::{
    AuthorRole, Comment, Forge, ForgeCommands, ForgeError, Issue, Merge, NewIssue, NewPullRequest, OwnIssue,
    RunDisplay, Thread,
};
use crate::protocol::requirements;

use super::address::RepositoryAddress;
use super::checks::{self, KnownChecks};
use super::client::{GithubRepository, PullEnds, read};
use super::commit_status::{self, KnownStatuses};
use super::forks;
use super::gh::{Gh, LOOKS, Method, Rows, encoded};
use super::health::{self, LoginHealth};
use super::merging;
use super::native_reviews::PublishedReviews;
use super::protection;
use super::reply::Fault;
use super::review_threads;
use super::shapes::{CommentJson, IssueJson, PermissionJson, PullJson, UserJson, login, text};
use super::thread::KnownThread;

/// A repository on GitHub.
#[derive(Debug)]
pub struct GithubForge {
    repository: GithubRepository,
    threads: Mutex<BTreeMap<u64, KnownThread>>,
    roles: Mutex<BTreeMap<u64, AuthorRole>>,
    statuses: KnownStatuses,
    checks: KnownChecks,
    reviews: PublishedReviews,
}

impl GithubForge {
    /// Opens a repository: reads the login of gh, and the repository, which may have been renamed. Two calls.
    pub async fn open(gh: Gh, address: &RepositoryAddress) -> Result<Self, ForgeError> {
        let repository = GithubRepository::open(gh, address).await?;
        let roles = Mutex::new(BTreeMap::from([(repository.user.id, repository.repo.own_role())]));
        Ok(Self {
            repository,
            threads: Mutex::default(),
            roles,
            statuses: KnownStatuses::default(),
            checks: KnownChecks::default(),
            reviews: PublishedReviews::default(),
        })
    }

    /// Returns the base branch of a new change, if none was named.
    pub fn default_branch(&self) -> &BranchName {
        &self.repository.repo.default_branch
    }

    /// Returns the current address of the repository.
    pub fn address(&self) -> RepositoryAddress {
        self.repository.address()
    }

    /// Checks that a run can work on a subject, before it costs anything. Returns the branches of a pull request. One call, none
    /// for a task.
    pub async fn check_subject(&self, subject: &Subject) -> Result<Option<PullEnds>, ForgeError> {
        self.repository.check_subject(subject).await
    }

    /// Reads the state of the login for `doctor`. One call.
    pub async fn health(&self) -> Result<LoginHealth, ForgeError> {
        health::health(&self.repository).await
    }

    fn with_thread<T>(&self, number: u64, act: impl FnOnce(&mut KnownThread) -> T) -> T {
        act(locked(&self.threads).entry(number).or_default())
    }

    /// Reads the new and edited comments of a thread. One call, if they fit into a page.
    async fn thread(&self, number: u64) -> Result<Vec<Comment>, ForgeError> {
        let since = self.with_thread(number, |thread| thread.since());
        let since = since.map(|since| format!("?since={}", encoded(&since.to_string()))).unwrap_or_default();
        let read: Vec<CommentJson> =
            self.repository.list(&format!("issues/{number}/comments{since}"), Rows::All).await?;
        let known = self.with_thread(number, |thread| {
            thread.take_in(read, SystemClock.now());
            thread.comments().to_vec()
        });
        let mut comments = Vec::with_capacity(known.len());
        for comment in known {
            let (author, body) = (login(comment.user.as_ref()), text(comment.body));
            comments.push(Comment {
                id: comment.id.to_string(),
                role: self.role_in(comment.user.as_ref(), &author, &body).await?,
                author,
                body,
                created_at: comment.created_at,
                updated_at: comment.updated_at,
            });
        }
        Ok(comments)
    }

    /// What the author of a text may do. It is asked only where something depends on it: for a signed requirement, and for
    /// what claims to be a record.
    async fn role_in(
        &self,
        user: Option<&UserJson>,
        author: &Login,
        body: &str,
    ) -> Result<AuthorRole, ForgeError> {
        let Some(user) = user else { return Ok(AuthorRole::Stranger) };
        if let Some(role) = locked(&self.roles).get(&user.id) {
            return Ok(*role);
        }
        if requirements::in_text(author, body).is_none() && !codec::claims(body) {
            return Ok(AuthorRole::Stranger);
        }
        let path = format!("collaborators/{}/permission", user.login);
        let role = match self.repository.get::<PermissionJson>(&path).await {
            Ok(permission) => permission.role(),
            Err(ForgeError::NotFound(_) | ForgeError::Refused(_)) => AuthorRole::Stranger,
            Err(error) => return Err(error),
        };
        locked(&self.roles).insert(user.id, role);
        Ok(role)
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
            if let Some(found) = self.own_issues(&new.title).await?.iter().find(|one| one.body == new.body) {
                return Ok(Some(found.number));
            }
        }
        Ok(None)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Forge for GithubForge {
    fn commands(&self, number: PullRequestNumber) -> ForgeCommands {
        let repository = self.repository.named();
        ForgeCommands {
            merge: format!("gh pr merge {number} --repo {repository}"),
            view: format!("gh pr view {number} --repo {repository}"),
        }
    }

    fn login(&self) -> Login {
        self.repository.login().clone()
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

    async fn issue(&self, number: IssueNumber) -> Result<Issue, ForgeError> {
        let issue = self.repository.issue_json(number).await?;
        let (author, state) = (login(issue.user.as_ref()), issue.state());
        let body = text(issue.body);
        let role = self.role_in(issue.user.as_ref(), &author, &body).await?;
        let comments = self.thread(number.0).await?;
        Ok(Issue { number, author, role, state, title: issue.title, body, comments })
    }

    async fn own_issues(&self, words: &str) -> Result<Vec<OwnIssue>, ForgeError> {
        let query =
            format!("issues?creator={}&state=all&sort=created&direction=asc", self.repository.login());
        let all: Vec<IssueJson> = self.repository.list(&query, Rows::All).await?;
        let issues = all.into_iter().filter(|one| one.pull_request.is_none());
        let own = issues.map(|one| OwnIssue {
            number: IssueNumber(one.number),
            title: one.title,
            body: text(one.body),
        });
        Ok(own.filter(|one| one.title.contains(words) || one.body.contains(words)).collect())
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
        let pull = self.repository.pull_json(number).await?;
        self.with_thread(number.0, |thread| pull.comments.map(|count| thread.count(count)));
        Ok(forks::pull_request(pull))
    }

    async fn pull_requests_from(&self, branch: &BranchName) -> Result<Vec<PullRequest>, ForgeError> {
        let owner = self.repository.repo.full_name.split('/').next().unwrap_or_default();
        let head = encoded(&format!("{owner}:{branch}"));
        let query = format!("pulls?state=all&head={head}&sort=created&direction=asc");
        let found: Vec<PullJson> = self.repository.list(&query, Rows::All).await?;
        Ok(found.into_iter().map(forks::pull_request).collect())
    }

    async fn checks(&self, commit: &CommitSha) -> Result<CheckBoard, ForgeError> {
        checks::board(&self.repository, &self.checks, commit).await
    }

    async fn branch_rules(&self, branch: &BranchName) -> Result<BranchRules, ForgeError> {
        protection::branch_rules(&self.repository, branch).await
    }

    async fn comments(&self, number: PullRequestNumber) -> Result<Vec<Comment>, ForgeError> {
        self.thread(number.0).await
    }

    async fn publish(&self, thread: Thread, body: &str) -> Result<(), ForgeError> {
        let number = match thread {
            Thread::Issue(number) => number.0,
            Thread::PullRequest(number) => number.0,
        };
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
