//! Refuses a run whose branch cannot be pushed to, before it costs anything: the branch is gone, or a rule forbids the push.

use crate::ports::forge::ForgeError;

use super::client::{GithubRepository, unsupported};
use super::forks;
use super::protection::{self, PushRules};
use super::shapes::PullJson;

/// Checks the branch of a pull request in a repository: the one that it is for, or a fork. One call, two for a branch under
/// rulesets.
pub(super) async fn refuse_unpushable(
    repository: &GithubRepository,
    holder: &str,
    pull: &PullJson,
) -> Result<(), ForgeError> {
    let (number, branch) = (pull.number, &pull.head.name);
    match protection::push_rules(repository, holder, branch).await? {
        PushRules::Open => Ok(()),
        PushRules::Gone => Err(unsupported(format!(
            "the branch `{branch}` of pull request {number} was deleted; {}",
            forks::restoring(repository, pull)
        ))),
        PushRules::Closed(rule) => Err(unsupported(format!(
            "pull request {number} is from `{branch}`, a protected branch of {holder} ({rule}), which is never pushed to; \
             open a pull request from another branch"
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
