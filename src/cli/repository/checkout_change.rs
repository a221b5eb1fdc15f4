//! The change that is checked out, compared with a branch: what `gates --base` measures.

use crate::adapters::process::variables::Variables;
use crate::cli::nearest::suggestion;
use crate::domain::ending::Failed;
use crate::domain::ids::{BranchName, CommitSha, InvalidName, TreeSha};
use crate::domain::shell;
use crate::engine::outcome::RunError;

use super::query::GitQuery;
use super::{BranchHome, MissingBranch, Repository};

/// The change that is checked out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckoutChange {
    /// Where the base branch was found.
    pub home: BranchHome,
    /// The merge base.
    pub base: CommitSha,
    pub head: CommitSha,
    pub tree: TreeSha,
}

impl CheckoutChange {
    /// Returns the commit that is checked out, and where it left a branch. A branch that is not here is that of `origin`, as
    /// in the checkouts of CI jobs.
    pub async fn since(
        repository: &Repository,
        base: &BranchName,
        variables: &Variables,
    ) -> Result<Self, RunError> {
        let git = GitQuery { folder: &repository.path, variables };
        let here = format!("refs/heads/{base}");
        let is_here = git.ask(&["rev-parse", "--quiet", "--verify", &here]).await?.is_some();
        let (home, tip) = if is_here {
            (BranchHome::Here, here)
        } else {
            (BranchHome::Origin, format!("refs/remotes/origin/{base}"))
        };
        let names = [format!("{tip}^{{commit}}"), "HEAD^{commit}".to_owned(), "HEAD^{tree}".to_owned()];
        let words = [&["rev-parse", "--quiet"][..], &names.each_ref().map(String::as_str)[..]].concat();
        let found = git.ask(&words).await?.unwrap_or_default();
        let [_, head, tree] = found.lines().collect::<Vec<_>>()[..] else {
            let missing = not_compared(repository, &git, base).await?;
            return Err(missing.into());
        };
        let Some(common) = git.ask(&["merge-base", &tip, "HEAD"]).await? else {
            let message = format!("HEAD and {base} have no common commit; a shallow clone needs its history");
            return Err(RunError::usage(message).with_next("git fetch --unshallow"));
        };
        let unreadable = |error: InvalidName| RunError::failed(Failed::Error, error.to_string());
        Ok(Self {
            home,
            base: common.parse().map_err(unreadable)?,
            head: head.parse().map_err(unreadable)?,
            tree: tree.parse().map_err(unreadable)?,
        })
    }
}

/// Returns the reason why HEAD cannot be compared with a branch.
async fn not_compared(
    repository: &Repository,
    git: &GitQuery<'_>,
    base: &BranchName,
) -> Result<MissingBranch, RunError> {
    if git.ask(&["rev-parse", "--quiet", "--verify", "HEAD^{commit}"]).await?.is_none() {
        let why = "no commit is checked out, so there is nothing to compare".to_owned();
        return Ok(MissingBranch { why, command: "git log --all --oneline".to_owned() });
    }
    let here = git.ask(&["for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads"]).await?;
    let there = git.ask(&["for-each-ref", "--format=%(refname:lstrip=3)", "refs/remotes/origin"]).await?;
    let known = [here, there].map(Option::unwrap_or_default);
    let hint = suggestion(base.as_str(), known.iter().flat_map(|names| names.lines()));
    Ok(if repository.origin.is_some() {
        let why = format!("there is no branch `{base}` here or on `origin` at the last fetch{hint}");
        MissingBranch { why, command: format!("git fetch origin {}", shell::quoted(base.as_str())) }
    } else {
        let why = format!("there is no branch `{base}`{hint}; `git branch -a` lists those that exist");
        MissingBranch { why, command: "git branch -a".to_owned() }
    })
}
