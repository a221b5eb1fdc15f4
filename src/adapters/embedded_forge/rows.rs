//! The rows of the tables, as values.

use crate::domain::ids::{BranchName, CommitSha, Login};
use crate::domain::pull_request::PullRequestState;
use crate::ports::forge::{AuthorRole, IssueState};

/// An author with its role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writer {
    pub login: Login,
    pub role: AuthorRole,
}

/// An issue or a pull request that is about to be created, open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRow {
    pub kind: SubjectKind,
    pub title: String,
    pub body: String,
    pub writer: Writer,
}

/// An issue or a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectRow {
    pub number: u64,
    pub kind: SubjectKind,
    pub title: String,
    pub body: String,
    pub writer: Writer,
}

/// The kind of a subject, with its own fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubjectKind {
    Issue(IssueState),
    PullRequest {
        state: PullRequestState,
        head_ref: BranchName,
        base_ref: BranchName,
        /// The last known head.
        head: CommitSha,
    },
}

/// Returns the name of a role in tables.
pub fn role_name(role: AuthorRole) -> &'static str {
    match role {
        AuthorRole::Owner => "owner",
        AuthorRole::Member => "member",
        AuthorRole::Stranger => "none",
    }
}

/// Returns the role with this name. An unknown name has no permissions.
pub(super) fn role(name: &str) -> AuthorRole {
    match name {
        "owner" => AuthorRole::Owner,
        "member" => AuthorRole::Member,
        _ => AuthorRole::Stranger,
    }
}
