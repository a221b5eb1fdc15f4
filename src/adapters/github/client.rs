//! One repository on GitHub, asked through gh: the paths of its calls, and error messages.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::domain::ending::Refused;
use crate::domain::forge_calls::ForgeCalls;
use crate::domain::ids::{CommitSha, IssueNumber, Login, PullRequestNumber};
use crate::ports::forge::ForgeError;

use super::address::{GITHUB, RepositoryAddress};
use super::gh::{Gh, Method, Rows, encoded};
use super::reply::Fault;
use super::shapes::{IssueJson, PullJson, RepoJson, UserJson};

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

    /// Returns the login that gh runs as.
    pub(super) fn login(&self) -> &Login {
        &self.user.login
    }

    /// Returns the id of the repository, which a rename does not change.
    pub(super) fn id(&self) -> String {
        format!("{}/{}", self.gh.host(), self.repo.id)
    }

    /// Returns the number of calls of GitHub.
    pub(super) fn calls(&self) -> ForgeCalls {
        self.gh.calls()
    }

    /// Returns the repository as an argument for gh.
    pub(super) fn named(&self) -> String {
        let name = &self.repo.full_name;
        if self.gh.host() == GITHUB { name.clone() } else { format!("{}/{name}", self.gh.host()) }
    }

    /// Returns a command that calls the API of the repository.
    pub(super) fn command(&self, rest: &str) -> String {
        let host = self.gh.host();
        let named = if host == GITHUB { String::new() } else { format!("--hostname {host} ") };
        format!("gh api {named}{}", self.path(rest))
    }

    /// Returns the page of a line of a file at a commit.
    pub(super) fn line_url(&self, commit: &CommitSha, path: &str, line: u32) -> String {
        let path: Vec<String> = path.split('/').map(encoded).collect();
        let (host, name) = (self.gh.host(), &self.repo.full_name);
        format!("https://{host}/{name}/blob/{commit}/{}#L{line}", path.join("/"))
    }

    /// Returns the page of a pull request, at one of its comments.
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
        self.get_from(&self.repo.full_name, rest).await
    }

    /// Reads from any repository on the host.
    pub(super) async fn get_from<T: DeserializeOwned>(
        &self,
        repository: &str,
        rest: &str,
    ) -> Result<T, ForgeError> {
        let path = format!("repos/{repository}/{rest}");
        read(self.gh.get(&path).await.map_err(|fault| self.failed(fault))?.body)
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

    /// Reads the first pages of a list.
    pub(super) async fn first<T: DeserializeOwned>(
        &self,
        rest: &str,
        pages: usize,
    ) -> Result<Vec<T>, ForgeError> {
        let found = self.gh.first(&self.path(rest), Rows::All, pages).await;
        found.map_err(|fault| self.failed(fault))?.into_iter().map(read).collect()
    }

    /// Reads the first page of a search on the host.
    pub(super) async fn search<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, ForgeError> {
        let found: FoundJson<T> = read(self.gh.get(path).await.map_err(|fault| self.failed(fault))?.body)?;
        Ok(found.items)
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

    /// Returns the reason why no issue can be filed, if none can.
    pub(super) fn no_issues(&self) -> Option<String> {
        (!self.repo.has_issues).then(|| format!("issues are disabled in {}", self.repo.full_name))
    }

    fn absent(&self, what: &str, number: u64) -> ForgeError {
        let repository = &self.repo.full_name;
        if let Some(why) = self.no_issues().filter(|_| what == "issue") {
            return unsupported(why);
        }
        let list = if what == "issue" { "issue list" } else { "pr list" };
        ForgeError::NotFound(format!(
            "there is no {what} {number} in {repository}; list those that exist with `gh {list} --repo {}`",
            self.named()
        ))
    }
}

/// The answer to a search.
#[derive(Debug, Deserialize)]
struct FoundJson<T> {
    items: Vec<T>,
}

/// Creates the error for a subject on which no run can work.
pub(super) fn unsupported(message: String) -> ForgeError {
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
