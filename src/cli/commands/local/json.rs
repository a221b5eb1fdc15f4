//! Issues and pull requests of the embedded forge as JSON.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::adapters::embedded_forge::rows::SubjectRow;
use crate::domain::pull_request::{Check, PullRequest, PullRequestState};
use crate::ports::forge::{Comment, IssueState};

/// Returns the state of an issue.
pub(super) fn issue_state(state: IssueState) -> &'static str {
    match state {
        IssueState::Open => "open",
        IssueState::Closed => "closed",
        IssueState::NotPlanned => "not planned",
    }
}

/// Returns the state of a pull request.
pub(super) fn pull_request_state(state: &PullRequestState) -> &'static str {
    match state {
        PullRequestState::Open => "open",
        PullRequestState::Closed => "closed",
        PullRequestState::Merged { .. } => "merged",
    }
}

/// Returns an issue without its comments.
pub(super) fn issue(row: &SubjectRow, state: IssueState) -> Value {
    json!({
        "number": row.number,
        "state": issue_state(state),
        "title": row.title,
        "body": row.body,
        "author": row.writer.login,
    })
}

/// Returns a pull request without its comments.
pub(super) fn pull_request(row: &SubjectRow, seen: &PullRequest, checks: &[Check]) -> Value {
    let checks: Vec<Value> =
        checks.iter().map(|check| json!({ "name": check.name, "state": check.state.name() })).collect();
    let mut object = json!({
        "number": row.number,
        "state": pull_request_state(&seen.state),
        "title": row.title,
        "body": row.body,
        "head": seen.head,
        "head_ref": seen.head_ref,
        "base_ref": seen.base_ref,
        "author": row.writer.login,
        "reviews": [],
        "checks": checks,
    });
    if let (PullRequestState::Merged { commit }, Value::Object(members)) = (&seen.state, &mut object) {
        members.insert("merge_commit".to_owned(), json!(commit));
    }
    object
}

/// Adds comments.
pub(super) fn with_comments(mut object: Value, comments: &[Arc<Comment>]) -> Value {
    if let Value::Object(members) = &mut object {
        members.insert("comments".to_owned(), json!(comments));
    }
    object
}
