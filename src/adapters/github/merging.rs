//! Merges a pull request in a way that the repository allows, or says what must happen first. An administrator's right to
//! pass over the rules of a branch is never used.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::adapters::process::time;
use crate::domain::branch_rules::BranchRules;
use crate::domain::ids::{CommitSha, PullRequestNumber};
use crate::domain::pull_request::{MergeConflict, PullRequestState, QueuePlace};
use crate::ports::forge::{ForgeError, Merge};

use super::client::{GithubRepository, read};
use super::forks;
use super::gh::Method;
use super::protection;
use super::reply::Fault;
use super::shapes::{MergedJson, PullJson};

const PLACE: &str = include_str!("queue_place.graphql");
const ENQUEUE: &str = include_str!("enqueue.graphql");

/// The pauses while GitHub computes whether a pull request can be merged.
const PAUSES: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];

/// Merges a pull request if it still has this head. For a merged one, returns the merge commit.
pub(super) async fn merge(
    repository: &GithubRepository,
    number: PullRequestNumber,
    head: &CommitSha,
) -> Result<Merge, ForgeError> {
    let pull = computed(repository, number).await?;
    if let Some(known) = already(&pull, head) {
        return Ok(known);
    }
    let rules = protection::branch_rules(repository, &pull.base.name).await?;
    if rules.has_merge_queue {
        return enqueue(repository, number, head).await;
    }
    if pull.mergeable_state.as_deref() == Some("dirty") {
        return Ok(Merge::Conflict(MergeConflict { base: pull.base.name, files: Vec::new() }));
    }
    match obstacle(repository, &pull, &rules) {
        Some(what_to_do) => Ok(Merge::NotMerged(what_to_do)),
        None => merge_in_some_way(repository, number, head).await,
    }
}

/// Reads the place of a pull request in the merge queue. One call.
pub(super) async fn queue_place(
    repository: &GithubRepository,
    number: PullRequestNumber,
) -> Result<QueuePlace, ForgeError> {
    let pull = queued(repository, number).await?;
    Ok(match (pull.state.as_str(), pull.entry) {
        ("MERGED", _) => QueuePlace::Merged,
        (_, Some(_)) => QueuePlace::Waiting,
        (_, None) => QueuePlace::Removed,
    })
}

/// Reads a pull request, when GitHub knows whether it can be merged.
async fn computed(repository: &GithubRepository, number: PullRequestNumber) -> Result<PullJson, ForgeError> {
    for pause in PAUSES {
        let pull = repository.pull_json(number).await?;
        if pull.merged_at.is_some() || pull.mergeable_state.as_deref() != Some("unknown") {
            return Ok(pull);
        }
        time::wait(pause).await;
    }
    repository.pull_json(number).await
}

/// Returns the reason why a merge is unnecessary or impossible.
fn already(pull: &PullJson, head: &CommitSha) -> Option<Merge> {
    match forks::state(pull) {
        PullRequestState::Merged { commit } => Some(Merge::Merged(commit)),
        PullRequestState::Closed => Some(Merge::NotMerged(format!("pull request {} is closed", pull.number))),
        PullRequestState::Open => (pull.head.sha != *head).then(|| Merge::HeadMoved(pull.head.sha.clone())),
    }
}

/// Returns what GitHub requires before the merge, and how to do it.
fn obstacle(repository: &GithubRepository, pull: &PullJson, rules: &BranchRules) -> Option<String> {
    let (number, base, named) = (pull.number, &pull.base.name, repository.named());
    match pull.mergeable_state.as_deref() {
        Some("behind") => Some(format!(
            "its branch must contain the tip of `{base}` first; update it (`gh api -X PUT \
             repos/{}/pulls/{number}/update-branch`), then run the same command again to review the new head",
            repository.repo.full_name
        )),
        Some("draft") => {
            Some(format!("it is a draft; when it is ready: `gh pr ready {number} --repo {named}`"))
        }
        Some("blocked") => Some(format!(
            "the rules of `{base}` block the merge: {}. When that is done, run the same command again, or merge it: `gh pr \
             merge {number} --repo {named}`",
            demands(rules, &format!("gh pr edit {number} --repo {named} --add-reviewer LOGIN"))
        )),
        Some(_) | None => None,
    }
}

/// Returns the requirements of a branch that people can meet.
fn demands(rules: &BranchRules, ask_for_review: &str) -> String {
    let mut demands = Vec::new();
    if rules.approvals > 0 {
        let count = rules.approvals;
        demands
            .push(format!("{count} approving reviews by people with write access (ask: `{ask_for_review}`)"));
    }
    if rules.must_resolve_conversations {
        demands.push("every conversation must be resolved".to_owned());
    }
    if !rules.required_checks.is_empty() {
        let names: Vec<&str> = rules.required_checks.iter().map(String::as_str).collect();
        demands.push(format!("these checks must pass: {}", names.join(", ")));
    }
    demands.extend(rules.unknown.iter().cloned());
    if demands.is_empty() { "its page says which".to_owned() } else { demands.join("; ") }
}

/// Merges in the first way that is allowed.
async fn merge_in_some_way(
    repository: &GithubRepository,
    number: PullRequestNumber,
    head: &CommitSha,
) -> Result<Merge, ForgeError> {
    let mut refusals = Vec::new();
    for method in repository.repo.merge_methods() {
        let body = json!({ "sha": head.as_str(), "merge_method": method });
        let written = repository.write(Method::Put, &format!("pulls/{number}/merge"), &body).await;
        let fault = match written {
            Ok(reply) => return Ok(Merge::Merged(read::<MergedJson>(reply)?.sha)),
            Err(fault) => fault,
        };
        if let Some(known) = already(&repository.pull_json(number).await?, head) {
            return Ok(known);
        }
        match fault {
            // The base moved at this instant; the merge is tried again.
            Fault::Rejected { message, .. } if message.contains("Base branch was modified") => {
                return Err(ForgeError::Unreachable(format!("GitHub: {message}")));
            }
            Fault::Rejected { message, .. } if message.to_ascii_lowercase().contains("merge queue") => {
                return enqueue(repository, number, head).await;
            }
            Fault::Rejected { message, .. } if forbids_method(&message) => refusals.push(message),
            Fault::Rejected { message, .. } => return Ok(Merge::NotMerged(format!("GitHub: {message}"))),
            fault @ (Fault::LoggedOut(_)
            | Fault::SingleSignOn(_)
            | Fault::NotFound(_)
            | Fault::Forbidden(_)
            | Fault::Limited(_)
            | Fault::Lost(_)
            | Fault::NoProgram(_)) => return Err(repository.failed(fault)),
        }
    }
    let said =
        if refusals.is_empty() { String::new() } else { format!(" (GitHub: {})", refusals.join("; ")) };
    let name = &repository.repo.full_name;
    Ok(Merge::NotMerged(format!(
        "{name} allows no way to merge it{said}; allow one in its settings or rules"
    )))
}

/// Returns whether GitHub's message is about the way to merge, so that another one may be allowed.
fn forbids_method(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    ["merge commits", "squash merges", "rebase merges", "linear history", "merge method"]
        .iter()
        .any(|words| message.contains(words))
}

/// Puts a pull request into the merge queue, unless it is there.
async fn enqueue(
    repository: &GithubRepository,
    number: PullRequestNumber,
    head: &CommitSha,
) -> Result<Merge, ForgeError> {
    let pull = queued(repository, number).await?;
    if pull.entry.is_none() {
        let variables = json!({ "pull": pull.id, "head": head.as_str() });
        match repository.graphql::<Value>(ENQUEUE, &variables).await {
            Ok(_) => {}
            // An answer may have been lost before.
            Err(ForgeError::Refused(why)) => match queue_place(repository, number).await? {
                QueuePlace::Waiting | QueuePlace::Merged => {}
                QueuePlace::Removed => {
                    return Ok(Merge::NotMerged(format!("the merge queue does not take it: {why}")));
                }
            },
            Err(error) => return Err(error),
        }
    }
    Ok(Merge::Queued)
}

async fn queued(
    repository: &GithubRepository,
    number: PullRequestNumber,
) -> Result<QueuedPullJson, ForgeError> {
    let (owner, name) = repository.repo.full_name.split_once('/').unwrap_or_default();
    let variables = json!({ "owner": owner, "name": name, "number": number.0 });
    let found: PlaceJson = repository.graphql(PLACE, &variables).await?;
    Ok(found.repository.pull)
}

#[derive(Debug, Deserialize)]
struct PlaceJson {
    repository: PlaceRepositoryJson,
}

#[derive(Debug, Deserialize)]
struct PlaceRepositoryJson {
    #[serde(rename = "pullRequest")]
    pull: QueuedPullJson,
}

#[derive(Debug, Deserialize)]
struct QueuedPullJson {
    id: String,
    state: String,
    #[serde(rename = "mergeQueueEntry")]
    entry: Option<Value>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_methods_are_told_apart() {
        for (message, expected) in [
            ("Merge commits are not allowed on this repository.", true),
            ("Squash merges are not allowed on this repository.", true),
            ("This branch must not contain merge commits.", true),
            ("At least 1 approving review is required by reviewers with write access.", false),
            ("Pull Request is not mergeable", false),
        ] {
            assert_eq!(forbids_method(message), expected, "{message}");
        }
    }
}
