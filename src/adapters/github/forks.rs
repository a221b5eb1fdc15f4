//! Pull requests as the engine sees them: also those from forks, whose branches get a name of their own here.

use crate::domain::ids::{BranchName, PullRequestNumber};
use crate::domain::pull_request::{PullRequest, PullRequestState};
use crate::domain::shell;

use super::client::GithubRepository;
use super::shapes::{PullJson, UserJson, text};

/// A branch of a fork.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForkBranch {
    /// The name here: `OWNER/REPO/BRANCH`. A branch of the repository itself may have the fork's name for it.
    pub name: BranchName,
    /// The fork, as `OWNER/REPO`.
    pub repository: String,
    pub branch: BranchName,
}

/// Where the branch of a pull request is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum HeadPlace {
    /// In the repository that the pull request is for.
    Here,
    Fork(ForkBranch),
    /// The fork was deleted.
    Nowhere,
}

/// Returns where the branch of a pull request is.
pub(super) fn head_place(pull: &PullJson) -> HeadPlace {
    match (&pull.head.repo, &pull.base.repo) {
        (None, _) => HeadPlace::Nowhere,
        (Some(head), Some(base)) if head.id == base.id => HeadPlace::Here,
        (Some(head), _) => {
            let name = format!("{}/{}", head.full_name, pull.head.name);
            let name = name.parse().unwrap_or_else(|_| nameless(pull));
            HeadPlace::Fork(ForkBranch {
                name,
                repository: head.full_name.clone(),
                branch: pull.head.name.clone(),
            })
        }
    }
}

/// Returns how to restore the branch of a pull request after it was deleted, as the end of a sentence.
pub(super) fn restoring(repository: &GithubRepository, pull: &PullJson) -> String {
    let page = "restore it with the button on the page of the pull request";
    match head_place(pull) {
        HeadPlace::Here => {
            let (branch, sha) = (shell::quoted(pull.head.name.as_str()), &pull.head.sha);
            let api = repository.command("git/refs");
            format!("{page}, or with `{api} -f ref=refs/heads/{branch} -f sha={sha}`")
        }
        HeadPlace::Fork(fork) => format!("ask the owner of {} to {page}", fork.repository),
        HeadPlace::Nowhere => "its fork was deleted too, so open another pull request".to_owned(),
    }
}

/// Returns the state of a pull request.
pub(super) fn state(pull: &PullJson) -> PullRequestState {
    match (pull.merged_at, &pull.merge_commit_sha, pull.state.as_str()) {
        (Some(_), commit, _) => {
            PullRequestState::Merged { commit: commit.clone().unwrap_or_else(|| pull.head.sha.clone()) }
        }
        (None, _, "closed") => PullRequestState::Closed,
        (None, _, _) => PullRequestState::Open,
    }
}

/// Returns a pull request as the engine sees it.
pub(super) fn pull_request(repository: &GithubRepository, pull: PullJson) -> PullRequest {
    PullRequest {
        number: PullRequestNumber(pull.number),
        state: state(&pull),
        head_ref: head_name(&pull),
        restoring: restoring(repository, &pull),
        title: pull.title,
        body: text(pull.body),
        head: pull.head.sha,
        base_ref: pull.base.name,
    }
}

/// Returns the name of the branch of a pull request here.
fn head_name(pull: &PullJson) -> BranchName {
    match head_place(pull) {
        HeadPlace::Here => pull.head.name.clone(),
        HeadPlace::Fork(fork) => fork.name,
        HeadPlace::Nowhere => nameless(pull),
    }
}

/// Returns a name that no branch has: nothing is ever pushed to a branch that happens to have the name of a fork's.
#[expect(clippy::expect_used, reason = "a number after letters is a branch name")]
fn nameless(pull: &PullJson) -> BranchName {
    format!("deleted-fork-of-pull-request-{}", pull.number).parse().expect("a branch name")
}

/// Returns the fork of a pull request if a login may push to it: it is its own, or the author lets maintainers edit.
pub(super) fn pushable(pull: &PullJson, user: &UserJson) -> Option<ForkBranch> {
    let HeadPlace::Fork(fork) = head_place(pull) else { return None };
    let owner = fork.repository.split('/').next().unwrap_or_default();
    let may_push = pull.maintainer_can_modify || owner.eq_ignore_ascii_case(user.login.as_str());
    may_push.then_some(fork)
}
