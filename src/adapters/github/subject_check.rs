//! Checks that a run on a subject can do its work, before anything is spent: one clear refusal for each obstacle.

use crate::domain::branch_names;
use crate::domain::ids::BranchName;
use crate::domain::subject::Subject;
use crate::ports::forge::{AuthorRole, ForgeError, IssueState};

use super::client::{GithubRepository, unsupported};
use super::forks::{self, ForkBranch, HeadPlace};
use super::head_branch;
use super::shapes::PullJson;

/// The two ends of a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullEnds {
    /// The branch that it wants to change.
    pub base: BranchName,
    /// Where its commits are, if that is a fork.
    pub fork: Option<ForkBranch>,
}

/// Whether this machine has worked on a subject before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Visit {
    First,
    /// The branch of the subject accepted pushes then.
    Again,
}

/// Checks a subject. Returns the pull request, if it is one, with its ends. One call; at the first visit one more, two more
/// for a pull request from a branch under rulesets.
pub(super) async fn check_subject(
    repository: &GithubRepository,
    subject: &Subject,
    visit: Visit,
) -> Result<Option<(PullJson, PullEnds)>, ForgeError> {
    let name = &repository.repo.full_name;
    if repository.repo.archived {
        return Err(unsupported(format!("{name} is archived, so nothing can be written to it")));
    }
    if repository.repo.own_role() == AuthorRole::Stranger {
        return Err(unsupported(format!(
            "{} may not write to {name}; ask its owners for write access, or work on a fork of your own with --repo",
            repository.user.login
        )));
    }
    match subject {
        Subject::Task(key) => {
            head_branch::refuse_uncreatable(repository, &branch_names::of_task(key)).await?;
            Ok(None)
        }
        Subject::Issue(number) => {
            let issue = repository.issue_json(*number).await?;
            if issue.locked {
                return Err(locked(repository, &format!("issue {number}")));
            }
            if issue.state() == IssueState::Open && visit == Visit::First {
                head_branch::refuse_uncreatable(repository, &branch_names::of_issue(*number)).await?;
            }
            Ok(None)
        }
        Subject::PullRequest(number) => {
            let pull = repository.pull_json(*number).await?;
            // The flow says what to do about a merged or closed one.
            if pull.state == "open" {
                refuse_unworkable_pull(repository, &pull)?;
                let holder = match forks::head_place(&pull) {
                    HeadPlace::Here => Some(name.clone()),
                    HeadPlace::Fork(fork) => Some(fork.repository),
                    HeadPlace::Nowhere => None,
                };
                if let Some(holder) = holder.filter(|_| visit == Visit::First) {
                    head_branch::refuse_unpushable(repository, &holder, &pull).await?;
                }
            }
            let fork = forks::pushable(&pull, &repository.user);
            let ends = PullEnds { base: pull.base.name.clone(), fork };
            Ok(Some((pull, ends)))
        }
    }
}

fn locked(repository: &GithubRepository, what: &str) -> ForgeError {
    unsupported(format!(
        "the conversation of {what} in {} is locked; unlock it first",
        repository.repo.full_name
    ))
}

fn refuse_unworkable_pull(repository: &GithubRepository, pull: &PullJson) -> Result<(), ForgeError> {
    let number = pull.number;
    if pull.locked {
        return Err(locked(repository, &format!("pull request {number}")));
    }
    if pull.draft {
        return Err(unsupported(format!(
            "pull request {number} is a draft; when it is ready: `gh pr ready {number} --repo {}`",
            repository.named()
        )));
    }
    let (here, name) = (&repository.repo.full_name, &pull.head.name);
    match forks::head_place(pull) {
        HeadPlace::Here if *name == repository.repo.default_branch => Err(unsupported(format!(
            "pull request {number} is from `{name}`, the default branch of {here}, which is never pushed to; open a pull \
             request from another branch"
        ))),
        HeadPlace::Here => Ok(()),
        HeadPlace::Fork(_) if forks::pushable(pull, &repository.user).is_some() => Ok(()),
        HeadPlace::Fork(fork) => Err(unsupported(format!(
            "pull request {number} comes from the fork {}, whose author does not allow edits by maintainers; ask the author \
             to allow them (on the page of the pull request), or push its branch to {here} and open a pull request from there",
            fork.repository
        ))),
        HeadPlace::Nowhere => Err(unsupported(format!(
            "the fork that pull request {number} comes from was deleted; push its commit {} to a branch of {here} (`gh pr \
             checkout {number}` has it) and open a pull request from there",
            pull.head.sha.short()
        ))),
    }
}
