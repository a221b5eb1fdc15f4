//! The members of GitHub's JSON that are read, and their conversion into our types. Unknown members are ignored.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::ids::{BranchName, CommitSha, Login};
use crate::ports::forge::{AuthorRole, IssueState};

/// A user; absent where the account was deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct UserJson {
    pub(super) id: u64,
    pub(super) login: Login,
    /// `User`, `Bot` for an app, or another kind.
    #[serde(rename = "type", default)]
    pub(super) kind: String,
}

impl UserJson {
    pub(super) fn is_app(&self) -> bool {
        self.kind == "Bot"
    }
}

/// Returns the account that GitHub shows in the place of a deleted one.
pub(super) fn ghost() -> Login {
    #[expect(clippy::expect_used, reason = "a constant that is a login")]
    "ghost".parse().expect("a login")
}

/// A repository, as the login sees it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct RepoJson {
    pub(super) id: u64,
    pub(super) full_name: String,
    pub(super) default_branch: BranchName,
    #[serde(default)]
    pub(super) archived: bool,
    #[serde(default)]
    pub(super) has_issues: bool,
    pub(super) permissions: Option<RightsJson>,
    pub(super) allow_merge_commit: Option<bool>,
    pub(super) allow_squash_merge: Option<bool>,
    pub(super) allow_rebase_merge: Option<bool>,
    #[serde(default)]
    pub(super) private: bool,
}

impl RepoJson {
    /// Returns the permission of the login that asked for the repository.
    pub(super) fn own_role(&self) -> AuthorRole {
        match self.permissions.unwrap_or_default() {
            RightsJson { admin: true, .. } => AuthorRole::Owner,
            RightsJson { push: true, .. } => AuthorRole::Member,
            RightsJson { .. } => AuthorRole::Stranger,
        }
    }

    /// Returns the scope that a classic token lacks. Other tokens have none, and then GitHub names none.
    pub(super) fn lacking_scope(&self, scopes: Option<&str>) -> Option<&'static str> {
        let scopes: Vec<&str> = scopes?.split(',').map(str::trim).filter(|scope| !scope.is_empty()).collect();
        let suffices = |scope: &&str| *scope == "repo" || (*scope == "public_repo" && !self.private);
        (!scopes.iter().any(suffices)).then_some("repo")
    }

    /// Returns the ways to merge a pull request that the repository allows.
    pub(super) fn merge_methods(&self) -> impl Iterator<Item = &'static str> {
        let all = [
            ("merge", self.allow_merge_commit),
            ("squash", self.allow_squash_merge),
            ("rebase", self.allow_rebase_merge),
        ];
        all.into_iter().filter(|(_, allowed)| *allowed != Some(false)).map(|(method, _)| method)
    }
}

/// What the login may do in a repository.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct RightsJson {
    pub(super) admin: bool,
    pub(super) push: bool,
}

/// An issue; pull requests are listed as issues too.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct IssueJson {
    pub(super) number: u64,
    pub(super) user: Option<UserJson>,
    pub(super) state: String,
    /// Why a closed issue was closed.
    pub(super) state_reason: Option<String>,
    pub(super) title: String,
    pub(super) body: Option<String>,
    #[serde(default)]
    pub(super) locked: bool,
    /// How many comments its thread has.
    pub(super) comments: Option<usize>,
    /// Present on what is a pull request.
    pub(super) pull_request: Option<serde_json::Value>,
}

impl IssueJson {
    pub(super) fn state(&self) -> IssueState {
        match (self.state.as_str(), self.state_reason.as_deref()) {
            ("closed", Some("not_planned" | "duplicate")) => IssueState::NotPlanned,
            ("closed", _) => IssueState::Closed,
            (_, _) => IssueState::Open,
        }
    }
}

/// A comment in the thread of an issue or a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CommentJson {
    pub(super) id: u64,
    /// The id in GraphQL.
    #[serde(default)]
    pub(super) node_id: String,
    pub(super) user: Option<UserJson>,
    pub(super) body: Option<String>,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

impl CommentJson {
    /// Returns the comment, read again. Another text is an edit, also within the second in which it was written.
    pub(super) fn after(mut self, known: &Self) -> Self {
        let is_edited =
            text(self.body.clone()) != text(known.body.clone()) || known.updated_at > known.created_at;
        if is_edited && self.updated_at == self.created_at {
            self.updated_at =
                self.created_at.checked_add(SignedDuration::from_secs(1)).unwrap_or(Timestamp::MAX);
        }
        self
    }
}

/// A pull request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct PullJson {
    pub(super) number: u64,
    pub(super) user: Option<UserJson>,
    pub(super) state: String,
    pub(super) title: String,
    pub(super) body: Option<String>,
    #[serde(default)]
    pub(super) draft: bool,
    #[serde(default)]
    pub(super) locked: bool,
    pub(super) merged_at: Option<Timestamp>,
    pub(super) merge_commit_sha: Option<CommitSha>,
    /// Whether the author of a pull request from a fork lets those push there who may push here.
    #[serde(default)]
    pub(super) maintainer_can_modify: bool,
    pub(super) head: EndJson,
    pub(super) base: EndJson,
    /// Whether it can be merged, in GitHub's words; only where one pull request was asked for.
    pub(super) mergeable_state: Option<String>,
    /// How many comments its thread has; only where one pull request was asked for.
    pub(super) comments: Option<usize>,
}

/// One end of a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct EndJson {
    #[serde(rename = "ref")]
    pub(super) name: BranchName,
    pub(super) sha: CommitSha,
    /// Absent where the repository was deleted.
    pub(super) repo: Option<EndRepoJson>,
}

/// The repository of an end.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct EndRepoJson {
    pub(super) id: u64,
    pub(super) full_name: String,
}

/// The answer to a merge.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct MergedJson {
    pub(super) sha: CommitSha,
}

/// What a user may do in the repository.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct PermissionJson {
    pub(super) permission: String,
}

impl PermissionJson {
    pub(super) fn role(&self) -> AuthorRole {
        match self.permission.as_str() {
            "admin" => AuthorRole::Owner,
            "write" => AuthorRole::Member,
            _ => AuthorRole::Stranger,
        }
    }
}

/// Returns a text as people write it: browsers end lines with CRLF.
pub(super) fn text(body: Option<String>) -> String {
    body.unwrap_or_default().replace("\r\n", "\n")
}
