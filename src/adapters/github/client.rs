//! One repository on GitHub, asked through gh: the paths of its calls, subjects on which no run can work, and error messages.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::domain::ending::Refused;
use crate::domain::forge_calls::ForgeCalls;
use crate::domain::ids::{BranchName, CommitSha, IssueNumber, Login, PullRequestNumber};
use crate::domain::subject::Subject;
use crate::ports::forge::{AuthorRole, ForgeError};

use super::address::{GITHUB, RepositoryAddress};
use super::forks::{self, ForkBranch, HeadPlace};
use super::gh::{Gh, Method, Rows, encoded};
use super::reply::Fault;
use super::shapes::{IssueJson, PullJson, RepoJson, UserJson};

/// The two ends of a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullEnds {
    /// The branch that it wants to change.
    pub base: BranchName,
    /// Where its commits are, if that is a fork.
    pub fork: Option<ForkBranch>,
}

/// A repository, as the login of gh sees it.
#[derive(Debug)]
pub(super) struct GithubRepository {
    gh: Gh,
    pub(super) user: UserJson,
    /// The scopes of a classic token.
    pub(super) scopes: Option<String>,
    pub(super) repo: RepoJson,
}

impl GithubRepository {
    /// Opens a repository: reads the login of gh, and the repository, which may have been renamed. Two calls.
    pub(super) async fn open(gh: Gh, address: &RepositoryAddress) -> Result<Self, ForgeError> {
        let host = gh.host().to_owned();
        let failed = |fault| error(&host, fault);
        let user = gh.get("user").await.map_err(failed)?;
        let scopes = user.headers.get("x-oauth-scopes").map(str::to_owned);
        let user: UserJson = read(user.body)?;
        let repo = match gh.get(&format!("repos/{address}")).await {
            Err(Fault::NotFound(_)) => {
                return Err(ForgeError::NotFound(format!(
                    "there is no repository {address} on {host} that {} may see",
                    user.login
                )));
            }
            other => read::<RepoJson>(other.map_err(failed)?.body)?,
        };
        if let Some(lacking) = repo.lacking_scope(scopes.as_deref()) {
            let command = format!("gh auth refresh --hostname {host} --scopes {lacking}");
            let message = format!("the login of gh lacks the scope `{lacking}`; add it: `{command}`");
            return Err(ForgeError::Unworkable(Refused::Config, message));
        }
        Ok(Self { gh, user, scopes, repo })
    }

    /// Returns the current address of the repository.
    pub(super) fn address(&self) -> RepositoryAddress {
        let (owner, name) = self.repo.full_name.split_once('/').unwrap_or_default();
        RepositoryAddress { host: self.gh.host().to_owned(), owner: owner.to_owned(), name: name.to_owned() }
    }

    /// The login that gh runs as.
    pub(super) fn login(&self) -> &Login {
        &self.user.login
    }

    /// Returns the id of the repository, which a rename does not change.
    pub(super) fn id(&self) -> String {
        format!("{}/{}", self.gh.host(), self.repo.id)
    }

    /// Checks that a run on a subject can do its work, before anything is spent. Returns the pull request, if it is one, with
    /// its ends. One call, none for a task.
    pub(super) async fn check_subject(
        &self,
        subject: &Subject,
    ) -> Result<Option<(PullJson, PullEnds)>, ForgeError> {
        let repository = &self.repo.full_name;
        if self.repo.archived {
            return Err(unsupported(format!("{repository} is archived, so nothing can be written to it")));
        }
        if self.repo.own_role() == AuthorRole::Stranger {
            return Err(unsupported(format!(
                "{} may not write to {repository}; ask its owners for write access, or work on a fork of your own with \
                 --repo",
                self.user.login
            )));
        }
        match subject {
            Subject::Task(_) => Ok(None),
            Subject::Issue(number) => {
                let issue = self.issue_json(*number).await?;
                self.refuse_locked(issue.locked, &format!("issue {number}"))?;
                Ok(None)
            }
            Subject::PullRequest(number) => {
                let pull = self.pull_json(*number).await?;
                let fork = self.refuse_unworkable_pull(&pull)?;
                let ends = PullEnds { base: pull.base.name.clone(), fork };
                Ok(Some((pull, ends)))
            }
        }
    }

    fn refuse_locked(&self, locked: bool, what: &str) -> Result<(), ForgeError> {
        let message =
            format!("the conversation of {what} in {} is locked; unlock it first", self.repo.full_name);
        if locked { Err(unsupported(message)) } else { Ok(()) }
    }

    /// Returns the fork that a pull request comes from, if it comes from one.
    fn refuse_unworkable_pull(&self, pull: &PullJson) -> Result<Option<ForkBranch>, ForgeError> {
        let number = pull.number;
        self.refuse_locked(pull.locked, &format!("pull request {number}"))?;
        if pull.draft {
            return Err(unsupported(format!(
                "pull request {number} is a draft; when it is ready: `gh pr ready {number} --repo {}`",
                self.named()
            )));
        }
        let (here, name) = (&self.repo.full_name, &pull.head.name);
        match forks::head_place(pull) {
            HeadPlace::Here if *name == self.repo.default_branch => Err(unsupported(format!(
                "pull request {number} is from `{name}`, the default branch of {here}, which is never pushed to; open a pull \
                 request from another branch"
            ))),
            HeadPlace::Here => Ok(None),
            HeadPlace::Fork(fork) if forks::may_push(pull, &self.user, &fork) => Ok(Some(fork)),
            HeadPlace::Fork(fork) => Err(unsupported(format!(
                "pull request {number} comes from the fork {}, whose author does not allow edits by maintainers; ask the author \
                 to allow them (on the page of the pull request), or push its branch to {here} and open a pull request from \
                 there",
                fork.repository
            ))),
            HeadPlace::Nowhere => Err(unsupported(format!(
                "the fork that pull request {number} comes from was deleted; push its commit {} to a branch of {here} (`gh pr \
                 checkout {number}` has it) and open a pull request from there",
                pull.head.sha.short()
            ))),
        }
    }

    /// How often GitHub was called.
    pub(super) fn calls(&self) -> ForgeCalls {
        self.gh.calls()
    }

    /// Returns the repository as an argument for gh.
    pub(super) fn named(&self) -> String {
        let name = &self.repo.full_name;
        if self.gh.host() == GITHUB { name.clone() } else { format!("{}/{name}", self.gh.host()) }
    }

    /// The page of a line of a file at a commit.
    pub(super) fn line_url(&self, commit: &CommitSha, path: &str, line: u32) -> String {
        let path: Vec<String> = path.split('/').map(encoded).collect();
        let (host, name) = (self.gh.host(), &self.repo.full_name);
        format!("https://{host}/{name}/blob/{commit}/{}#L{line}", path.join("/"))
    }

    /// The page of a pull request, at one of its comments.
    pub(super) fn comment_url(&self, number: PullRequestNumber, comment: Option<&str>) -> String {
        let page = format!("https://{}/{}/pull/{number}", self.gh.host(), self.repo.full_name);
        comment.map_or_else(|| page.clone(), |id| format!("{page}#issuecomment-{id}"))
    }

    fn path(&self, rest: &str) -> String {
        format!("repos/{}/{rest}", self.repo.full_name)
    }

    pub(super) fn failed(&self, fault: Fault) -> ForgeError {
        error(self.gh.host(), fault)
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, rest: &str) -> Result<T, ForgeError> {
        let reply = self.gh.get(&self.path(rest)).await.map_err(|fault| self.failed(fault))?;
        read(reply.body)
    }

    /// Reads an answer that is no JSON.
    pub(super) async fn text(&self, rest: &str) -> Result<String, ForgeError> {
        self.gh.text(&self.path(rest)).await.map_err(|fault| self.failed(fault))
    }

    /// Reads the limits on the requests of the login.
    pub(super) async fn limits<T: DeserializeOwned>(&self) -> Result<T, ForgeError> {
        let reply = self.gh.get("rate_limit").await.map_err(|fault| self.failed(fault))?;
        read(reply.body)
    }

    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        rest: &str,
        rows: Rows,
    ) -> Result<Vec<T>, ForgeError> {
        let found = self.gh.list(&self.path(rest), rows).await.map_err(|fault| self.failed(fault))?;
        found.into_iter().map(read).collect()
    }

    /// Asks GitHub's GraphQL for what REST does not have. A mutation is safe to repeat if its effect is.
    pub(super) async fn graphql<T: DeserializeOwned>(
        &self,
        query: &str,
        variables: &Value,
    ) -> Result<T, ForgeError> {
        let reply = self.gh.graphql(query, variables).await.map_err(|fault| self.failed(fault))?;
        read(reply)
    }

    /// Changes something, once. After `Fault::Lost` the caller checks whether it happened.
    pub(super) async fn write(&self, method: Method, rest: &str, body: &Value) -> Result<Value, Fault> {
        Ok(self.gh.write(method, &self.path(rest), body).await?.body)
    }

    pub(super) async fn issue_json(&self, number: IssueNumber) -> Result<IssueJson, ForgeError> {
        let issue: IssueJson = match self.get(&format!("issues/{number}")).await {
            Err(ForgeError::NotFound(_)) => return Err(self.absent("issue", number.0)),
            other => other?,
        };
        if issue.pull_request.is_some() {
            return Err(ForgeError::NotFound(format!(
                "{number} is a pull request, not an issue; try `agent-loop pr {number}`"
            )));
        }
        Ok(issue)
    }

    pub(super) async fn pull_json(&self, number: PullRequestNumber) -> Result<PullJson, ForgeError> {
        let pull: PullJson = match self.get(&format!("pulls/{number}")).await {
            Err(ForgeError::NotFound(_)) => {
                return Err(match self.get::<IssueJson>(&format!("issues/{number}")).await {
                    Ok(_) => ForgeError::NotFound(format!(
                        "{number} is an issue, not a pull request; try `agent-loop issue {number}`"
                    )),
                    Err(ForgeError::NotFound(_)) => self.absent("pull request", number.0),
                    Err(other) => other,
                });
            }
            other => other?,
        };
        Ok(pull)
    }

    fn absent(&self, what: &str, number: u64) -> ForgeError {
        let repository = &self.repo.full_name;
        if what == "issue" && !self.repo.has_issues {
            return unsupported(format!("issues are disabled in {repository}"));
        }
        ForgeError::NotFound(format!("there is no {what} {number} in {repository}"))
    }
}

fn unsupported(message: String) -> ForgeError {
    ForgeError::Unworkable(Refused::Unsupported, message)
}

/// Decodes an answer.
pub(super) fn read<T: DeserializeOwned>(body: Value) -> Result<T, ForgeError> {
    serde_json::from_value(body).map_err(|error| {
        ForgeError::Unreachable(format!("GitHub's answer has another shape than expected: {error}"))
    })
}

fn error(host: &str, fault: Fault) -> ForgeError {
    match fault {
        Fault::LoggedOut(said) => ForgeError::Unworkable(
            Refused::Config,
            format!("gh is not logged in to {host} ({said}); log in: `gh auth login --hostname {host}`"),
        ),
        Fault::SingleSignOn(url) => {
            let place = url.unwrap_or_else(|| format!("https://{host}/settings/tokens"));
            let message =
                format!("the organisation asks for single sign-on; authorise the login of gh: {place}");
            ForgeError::Unworkable(Refused::Config, message)
        }
        Fault::NoProgram(why) => ForgeError::Unworkable(Refused::Config, why),
        Fault::NotFound(said) => ForgeError::NotFound(format!("GitHub: {said}")),
        Fault::Forbidden(said) => ForgeError::Refused(format!("GitHub: {said}")),
        Fault::Rejected { status, message } => ForgeError::Refused(format!("GitHub: {message} ({status})")),
        Fault::Limited(resets_at) => ForgeError::Limited {
            resets_at,
            text: format!("GitHub accepts no more requests of this login until {resets_at}"),
        },
        Fault::Lost(why) => {
            ForgeError::Unreachable(format!("{host} could not be reached, or its answer was cut off: {why}"))
        }
    }
}
