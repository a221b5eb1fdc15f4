//! What people say on a pull request besides its thread: the description, and the texts of reviews.

use jiff::Timestamp;
use serde::Deserialize;

use crate::domain::ids::PullRequestNumber;
use crate::ledger::codec;
use crate::ports::forge::{Comment, ForgeError, Remarks};
use crate::protocol::requirements;

use super::authors::{Authors, Written};
use super::client::GithubRepository;
use super::gh::Rows;
use super::shapes::{PullJson, UserJson};

/// A review. Only its author sees one that was not submitted yet.
#[derive(Debug, Deserialize)]
struct WrittenReviewJson {
    id: u64,
    user: Option<UserJson>,
    body: Option<String>,
    submitted_at: Option<Timestamp>,
}

/// Reads the remarks on a pull request that was read before. One call for 100 reviews.
pub(super) async fn remarks(
    repository: &GithubRepository,
    authors: &Authors,
    pull: &PullJson,
) -> Result<Remarks, ForgeError> {
    let description = Written {
        id: "description".to_owned(),
        user: pull.user.clone(),
        body: pull.body.clone(),
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
    };
    let description = Some(authors.comment(repository, description).await?);
    let path = format!("pulls/{}/reviews", PullRequestNumber(pull.number));
    let mut reviews = Vec::new();
    for review in repository.list::<WrittenReviewJson>(&path, Rows::All).await? {
        let Some(at) = review.submitted_at else { continue };
        let (id, user, body) = (format!("review-{}", review.id), review.user, review.body);
        let comment =
            authors.comment(repository, Written { id, user, body, created_at: at, updated_at: at }).await?;
        if is_said(repository, &comment) {
            reviews.push(comment);
        }
    }
    Ok(Remarks { description, reviews })
}

/// Returns whether a review says something. Those of this login are views of records, unless a person signed them.
fn is_said(repository: &GithubRepository, review: &Comment) -> bool {
    let matters =
        || requirements::in_text(&review.author, &review.body).is_some() || codec::claims(&review.body);
    !review.body.trim().is_empty() && (review.author != *repository.login() || matters())
}
