//! The target branch of a run that no flag names.

use crate::adapters::storage::run_file::RunFile;
use crate::cli::arguments::run::RunArguments;
use crate::cli::repository::Repository;
use crate::cli::repository::site::{self, Site};
use crate::domain::branch_names;
use crate::domain::ids::BranchName;
use crate::domain::subject::Subject;
use crate::engine::outcome::RunError;
use crate::ledger::chain::task_key;

use super::goal::{Goal, GoalTarget};

/// Returns the target branch of a task whose own branch is checked out: the same text continues the task.
pub(super) fn continued(goal: &Goal, branch: &BranchName, site: &Site) -> Option<BranchName> {
    let GoalTarget::Task(text) = &goal.target else { return None };
    let subject = branch_names::subject_of(branch.as_str())?;
    let base = RunFile::load(&site.folders.run_file(&subject)).ok()?.base?;
    let key = task_key(&site.forge.repository_id(), &base, text);
    (subject == Subject::Task(key)).then_some(base)
}

/// Returns the default target branch: a pull request's own base, else the current branch.
pub(super) fn default_base(
    goal: &Goal,
    arguments: &RunArguments,
    repository: &Repository,
) -> Result<BranchName, RunError> {
    let own = match &goal.target {
        GoalTarget::PullRequest(number) => site::base_of(repository, *number),
        GoalTarget::Task(_) | GoalTarget::Issue(_) => None,
    };
    let found = own.or_else(|| arguments.base.clone()).or_else(|| repository.branch.clone());
    match (found, &goal.target) {
        (Some(branch), _) => Ok(branch),
        (None, GoalTarget::PullRequest(_)) => Ok(placeholder_branch()),
        (None, GoalTarget::Task(_) | GoalTarget::Issue(_)) => {
            let message = "HEAD is detached, so there is no current branch to change; name one with --base (`git branch` lists them)";
            Err(RunError::usage(message).with_next("git branch"))
        }
    }
}

/// Returns a name for a branch that nothing depends on.
#[expect(clippy::expect_used, reason = "a constant that is a branch name")]
pub(in crate::cli) fn placeholder_branch() -> BranchName {
    "main".parse().expect("a branch name")
}
