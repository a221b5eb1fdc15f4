//! The commit status `agent-loop/review`, which rulesets and branch protection can require.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::adapters::process::time;
use crate::domain::commit_status::CommitStatus;
use crate::domain::ids::{CommitSha, PullRequestNumber};
use crate::ports::forge::ForgeError;

use super::client::GithubRepository;
use super::gh::{Method, Rows, locked};
use super::reply::Fault;

/// The name of the status.
const CONTEXT: &str = "agent-loop/review";
/// The longest description that GitHub accepts, in characters.
const LONGEST: usize = 140;
/// The pauses after a write without an answer, before the status is read and written again.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];

/// Returns whether a status is that of a run: it is not a check of the commit, because the run would wait for itself.
pub(super) fn is_ours(context: &str) -> bool {
    context.eq_ignore_ascii_case(CONTEXT)
}

/// The statuses that this process has read or written.
#[derive(Debug, Default)]
pub(super) struct KnownStatuses(Mutex<BTreeMap<CommitSha, StatusContent>>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct StatusContent {
    context: String,
    state: String,
    description: Option<String>,
    target_url: Option<String>,
}

/// Sets the status of a commit, unless the commit has it already: one write for each change.
pub(super) async fn set(
    repository: &GithubRepository,
    known: &KnownStatuses,
    number: PullRequestNumber,
    status: &CommitStatus,
) -> Result<(), ForgeError> {
    let wanted = content(repository, number, status);
    let mut pauses = PAUSES.into_iter();
    loop {
        let current = match known.get(&status.head) {
            Some(current) => Some(current),
            None => read(repository, &status.head).await?,
        };
        if current.as_ref() == Some(&wanted) {
            known.set(&status.head, current);
            return Ok(());
        }
        let path = format!("statuses/{}", status.head);
        match (repository.write(Method::Post, &path, &json!(wanted)).await, pauses.next()) {
            (Ok(_), _) => {
                known.set(&status.head, Some(wanted));
                return Ok(());
            }
            (Err(Fault::Lost(_)), Some(pause)) => {
                known.set(&status.head, None);
                time::wait(pause).await;
            }
            (Err(fault), _) => return Err(repository.failed(fault)),
        }
    }
}

fn content(repository: &GithubRepository, number: PullRequestNumber, status: &CommitStatus) -> StatusContent {
    StatusContent {
        context: CONTEXT.to_owned(),
        state: status.state.name().to_owned(),
        description: Some(status.sentence.chars().take(LONGEST).collect()),
        target_url: Some(repository.comment_url(number, status.comment.as_deref())),
    }
}

async fn read(repository: &GithubRepository, head: &CommitSha) -> Result<Option<StatusContent>, ForgeError> {
    let path = format!("commits/{head}/status");
    let all: Vec<StatusContent> = repository.list(&path, Rows::Member("statuses")).await?;
    Ok(all.into_iter().find(|one| is_ours(&one.context)))
}

impl KnownStatuses {
    fn get(&self, head: &CommitSha) -> Option<StatusContent> {
        locked(&self.0).get(head).cloned()
    }

    fn set(&self, head: &CommitSha, content: Option<StatusContent>) {
        let mut known = locked(&self.0);
        match content {
            Some(content) => known.insert(head.clone(), content),
            None => known.remove(head),
        };
    }
}
