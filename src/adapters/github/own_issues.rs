//! Finds issues that this login filed, with few calls even where it has filed thousands.

use crate::domain::ids::IssueNumber;
use crate::ports::forge::{ForgeError, OwnIssue};

use super::client::GithubRepository;
use super::gh::{PAGE, encoded};
use super::shapes::{IssueJson, text};

/// The pages that are read. GitHub's search lags behind by minutes, and an issue that a crashed run filed is in these.
const PAGES: usize = 3;
/// The longest title that is searched, in characters: GitHub accepts 256 in a query.
const LONGEST: usize = 120;

/// Returns the newest issues of this login, oldest first. At most three calls.
pub(super) async fn newest(repository: &GithubRepository) -> Result<Vec<OwnIssue>, ForgeError> {
    Ok(issues(listed(repository).await?))
}

/// Finds issues by a key in their text or by their title, oldest first. At most three calls, and a search where the login has
/// more issues than these list: the search knows titles, but not on every host what is in HTML comments.
pub(super) async fn find(
    repository: &GithubRepository,
    key: &str,
    title: &str,
) -> Result<Vec<OwnIssue>, ForgeError> {
    let is_it = |one: &OwnIssue| one.body.contains(key) || one.title == title;
    let listed = listed(repository).await?;
    let is_cut = listed.len() >= PAGES * PAGE;
    let mut found = issues(listed);
    found.retain(is_it);
    if found.is_empty() && is_cut {
        found = issues(repository.search(&query(repository, title)).await?);
        found.retain(is_it);
        found.sort_by_key(|one| one.number.0);
    }
    Ok(found)
}

async fn listed(repository: &GithubRepository) -> Result<Vec<IssueJson>, ForgeError> {
    let login = repository.login();
    let query = format!("issues?creator={login}&state=all&sort=created&direction=desc");
    let mut all = repository.first::<IssueJson>(&query, PAGES).await?;
    all.reverse();
    Ok(all)
}

/// Returns the path of the search for a title.
fn query(repository: &GithubRepository, title: &str) -> String {
    let words: String = title.replace(['"', '\\'], " ").chars().take(LONGEST).collect();
    let (name, login) = (&repository.repo.full_name, repository.login());
    let text = format!("repo:{name} author:{login} is:issue in:title \"{}\"", words.trim());
    format!("search/issues?per_page={PAGE}&q={}", encoded(&text))
}

/// Leaves pull requests out, which GitHub lists as issues too.
fn issues(all: Vec<IssueJson>) -> Vec<OwnIssue> {
    let issues = all.into_iter().filter(|one| one.pull_request.is_none());
    let own =
        |one: IssueJson| OwnIssue { number: IssueNumber(one.number), title: one.title, body: text(one.body) };
    issues.map(own).collect()
}
