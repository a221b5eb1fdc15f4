//! What `doctor` reports of a login: its scopes, its permission in the repository, and its remaining requests.

use jiff::Timestamp;
use serde::Deserialize;

use crate::domain::ids::Login;
use crate::ports::forge::{AuthorRole, ForgeError};

use super::client::GithubRepository;

/// The state of a login in a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginHealth {
    pub login: Login,
    /// The scopes of a classic token. GitHub does not list the permissions of other tokens.
    pub scopes: Option<String>,
    pub role: AuthorRole,
    pub archive: Archive,
    /// The remaining requests; `None` where GitHub Enterprise sets no limit.
    pub requests: Option<RequestLimit>,
}

/// Whether a repository accepts changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Archive {
    Active,
    Archived,
}

/// The requests that a login has left until an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestLimit {
    pub remaining: u64,
    pub limit: u64,
    pub resets_at: Timestamp,
}

#[derive(Debug, Deserialize)]
struct LimitsJson {
    resources: ResourcesJson,
}

#[derive(Debug, Deserialize)]
struct ResourcesJson {
    core: LimitJson,
}

#[derive(Debug, Deserialize)]
struct LimitJson {
    remaining: u64,
    limit: u64,
    reset: i64,
}

/// Reads the state of the login. One call, which GitHub does not count.
pub(super) async fn health(repository: &GithubRepository) -> Result<LoginHealth, ForgeError> {
    let requests = match repository.limits::<LimitsJson>().await {
        Ok(LimitsJson { resources: ResourcesJson { core } }) => Some(RequestLimit {
            remaining: core.remaining,
            limit: core.limit,
            resets_at: Timestamp::from_second(core.reset).unwrap_or(Timestamp::MAX),
        }),
        Err(ForgeError::NotFound(_)) => None,
        Err(error) => return Err(error),
    };
    Ok(LoginHealth {
        login: repository.user.login.clone(),
        scopes: repository.scopes.clone(),
        role: repository.repo.own_role(),
        archive: if repository.repo.archived { Archive::Archived } else { Archive::Active },
        requests,
    })
}
