//! What stands in the tables, as values.

use jiff::Timestamp;

use crate::domain::ids::{BranchName, CommitSha, Login};
use crate::domain::pull_request::PullRequestState;
use crate::ports::forge::{AuthorRole, IssueState};

/// Who writes, and what that login may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writer {
    pub login: Login,
    pub role: AuthorRole,
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

/// What a subject is, with what only that has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubjectKind {
    Issue(IssueState),
    PullRequest {
        state: PullRequestState,
        head_ref: BranchName,
        base_ref: BranchName,
        /// The head that was last seen.
        head: CommitSha,
    },
}

/// A comment to be written or that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommentRow {
    pub id: i64,
    pub writer: Writer,
    pub body: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// The word for what an author may do.
pub fn role_name(role: AuthorRole) -> &'static str {
    match role {
        AuthorRole::Owner => "owner",
        AuthorRole::Member => "member",
        AuthorRole::Stranger => "none",
    }
}

/// What a word says that an author may do; an unknown word gives no rights.
pub(super) fn role(name: &str) -> AuthorRole {
    match name {
        "owner" => AuthorRole::Owner,
        "member" => AuthorRole::Member,
        _ => AuthorRole::Stranger,
    }
}
