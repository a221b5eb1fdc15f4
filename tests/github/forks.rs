//! Forks: bare repositories of their own, and the heads of pull requests from there.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::answers::Answer;
use super::server::decoded;
use super::state::{OWNER, Pull, REPOSITORY_ID, State};
use super::{git, protection};

/// A fork of the repository.
#[derive(Debug, Clone)]
pub(crate) struct Fork {
    pub(crate) bare: PathBuf,
    /// Whether its owner lets maintainers edit.
    pub(crate) allows_edits: bool,
}

/// The head of a pull request, whose commits are in the repository itself too.
pub(crate) fn head(state: &State, pull: &Pull) -> Option<String> {
    let fork = pull.fork.as_ref().and_then(|name| state.forks.get(name));
    let Some(fork) = fork else { return state.tip(&pull.head) };
    let tip = git::tip(&fork.bare, &pull.head)?;
    git::ask(&state.bare, &["fetch", "--quiet", fork.bare.to_str()?, &format!("refs/heads/{}", pull.head)])?;
    Some(tip)
}

/// The repository of a head; nothing, if it was deleted.
pub(crate) fn source(state: &State, pull: &Pull) -> Value {
    match pull.fork.as_deref() {
        None => json!({ "id": REPOSITORY_ID, "full_name": format!("{OWNER}/{}", state.name) }),
        Some("") => Value::Null,
        Some(fork) => json!({ "id": 77, "full_name": fork }),
    }
}

/// Answers a read of a fork.
pub(crate) fn answer(state: &State, name: &str, rest: &[&str]) -> Answer {
    let Some(fork) = state.forks.get(name) else { return Answer::says(404, "Not Found") };
    match rest {
        ["branches", branch] => {
            let branch = decoded(branch);
            protection::branch(state, &format!("{name}:{branch}"), git::tip(&fork.bare, &branch))
        }
        ["rules", "branches", branch] => protection::rules(state, &format!("{name}:{}", decoded(branch))),
        _ => Answer::says(404, "Not Found"),
    }
}

pub(crate) fn allows_edits(state: &State, pull: &Pull) -> bool {
    pull.fork.as_ref().and_then(|name| state.forks.get(name)).is_some_and(|fork| fork.allows_edits)
}
