//! Refuses a run whose branch cannot be pushed to, before it costs anything: the branch is gone, or a rule forbids the push.

use crate::domain::shell;
use crate::ports::forge::ForgeError;

use super::client::{GithubRepository, unsupported};
use super::protection::{self, PushRules};
use super::shapes::PullJson;

/// Checks the branch of a pull request in the repository itself. One call, two for a branch under rulesets.
pub(super) async fn refuse_unpushable(
    repository: &GithubRepository,
    pull: &PullJson,
) -> Result<(), ForgeError> {
    let (number, branch, here) = (pull.number, &pull.head.name, &repository.repo.full_name);
    match protection::push_rules(repository, branch).await? {
        PushRules::Open => Ok(()),
        PushRules::Gone => {
            let there = shell::quoted(&format!("{}:refs/heads/{branch}", pull.head.sha));
            Err(unsupported(format!(
                "the branch `{branch}` of pull request {number} was deleted; restore it on the page of the pull request, or \
                 type `git fetch origin pull/{number}/head && git push origin {there}`"
            )))
        }
        PushRules::Closed(rule) => Err(unsupported(format!(
            "pull request {number} is from `{branch}`, a protected branch of {here} ({rule}), which is never pushed to; open \
             a pull request from another branch"
        ))),
    }
}

/// Checks the branch that a run will make. One call.
pub(super) async fn refuse_uncreatable(
    repository: &GithubRepository,
    branch: &str,
) -> Result<(), ForgeError> {
    match protection::creation_rules(repository, branch).await? {
        PushRules::Open | PushRules::Gone => Ok(()),
        PushRules::Closed(rule) => Err(unsupported(format!(
            "the rules of {} do not allow a push to the branch `{branch}` of this run ({rule}); exempt `agent-loop/**` from \
             these rules",
            repository.repo.full_name
        ))),
    }
}
