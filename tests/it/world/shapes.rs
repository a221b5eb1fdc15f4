//! The JSON of forge types in a saved history; the port itself needs no JSON.

use std::sync::Arc;

use agent_loop::domain::ids::{BranchName, Login};
use agent_loop::ports::forge::{AuthorRole, Comment, IssueState, NewPullRequest};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(remote = "AuthorRole", rename_all = "lowercase")]
pub(super) enum AuthorRoleShape {
    Owner,
    Member,
    Stranger,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "IssueState", rename_all = "lowercase")]
pub(super) enum IssueStateShape {
    Open,
    Closed,
    NotPlanned,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Comment", deny_unknown_fields)]
pub(super) struct CommentShape {
    id: String,
    author: Login,
    #[serde(with = "AuthorRoleShape")]
    role: AuthorRole,
    body: Arc<str>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "NewPullRequest", deny_unknown_fields)]
pub(super) struct NewPullRequestShape {
    head_ref: BranchName,
    base_ref: BranchName,
    title: String,
    body: String,
}
