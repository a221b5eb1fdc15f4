//! Who wrote a text, and what that person may do: asked only where something depends on it, remembered by the user's id.

use std::collections::BTreeMap;
use std::sync::Mutex;

use jiff::Timestamp;

use crate::ledger::codec;
use crate::ports::forge::{AuthorRole, Comment, ForgeError};
use crate::protocol::requirements;

use super::client::GithubRepository;
use super::gh::locked;
use super::shapes::{PermissionJson, UserJson, ghost, text};

/// A text on GitHub.
#[derive(Debug, Clone)]
pub(super) struct Written {
    pub(super) id: String,
    pub(super) user: Option<UserJson>,
    pub(super) body: Option<String>,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
}

/// What users may do, as far as it was asked.
#[derive(Debug, Default)]
pub(super) struct Authors(Mutex<BTreeMap<u64, AuthorRole>>);

impl Authors {
    /// Knows what the login of gh may do.
    pub(super) fn of(repository: &GithubRepository) -> Self {
        Self(Mutex::new(BTreeMap::from([(repository.user.id, repository.repo.own_role())])))
    }

    /// Creates a text with its author.
    pub(super) async fn comment(
        &self,
        repository: &GithubRepository,
        written: Written,
    ) -> Result<Comment, ForgeError> {
        let (user, body) = (written.user.as_ref(), text(written.body));
        // A login can pass to another user, and a saved thread has logins as they were: the id decides who is who.
        let author = match user {
            Some(user) if user.id == repository.user.id => repository.login().clone(),
            Some(user) if user.login != *repository.login() => user.login.clone(),
            Some(_) | None => ghost(),
        };
        let matters = requirements::in_text(&author, &body).is_some() || codec::claims(&body);
        let role = match user {
            Some(user) if user.id == repository.user.id || matters => self.role(repository, user).await?,
            Some(_) | None => AuthorRole::Stranger,
        };
        let Written { id, created_at, updated_at, .. } = written;
        Ok(Comment { id, author, role, body: body.into(), created_at, updated_at })
    }

    /// Returns the permission of a user. An app is never a collaborator, and GitHub's author association does not tell the permission.
    async fn role(&self, repository: &GithubRepository, user: &UserJson) -> Result<AuthorRole, ForgeError> {
        if let Some(role) = locked(&self.0).get(&user.id) {
            return Ok(*role);
        }
        let role = if user.is_app() {
            AuthorRole::Stranger
        } else {
            let path = format!("collaborators/{}/permission", user.login);
            match repository.get::<PermissionJson>(&path).await {
                Ok(permission) => permission.role(),
                Err(ForgeError::NotFound(_) | ForgeError::Refused(_)) => AuthorRole::Stranger,
                Err(error) => return Err(error),
            }
        };
        locked(&self.0).insert(user.id, role);
        Ok(role)
    }
}
