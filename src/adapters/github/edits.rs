//! Whether records were edited. The times of REST are whole seconds, so that an edit within the second of the writing does not
//! show; GraphQL knows of every edit.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::json;

use crate::ports::forge::ForgeError;

use super::client::GithubRepository;
use super::gh::PAGE;
use super::shapes::CommentJson;

const EDITS: &str = include_str!("edits.graphql");

/// A comment whose last edit is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KnownEdit {
    pub(super) comment: CommentJson,
    /// The time of the last edit; that of the writing, if there is none.
    pub(super) at: Timestamp,
}

#[derive(Debug, Deserialize)]
struct NodesJson {
    nodes: Vec<Option<EditJson>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct EditJson {
    last_edited_at: Option<Timestamp>,
}

/// Reads the last edits of comments. One call for 100 of them. Where GitHub does not say, the times of REST count.
pub(super) async fn read(
    repository: &GithubRepository,
    comments: Vec<CommentJson>,
) -> Result<Vec<KnownEdit>, ForgeError> {
    let mut all = Vec::with_capacity(comments.len());
    for page in comments.chunks(PAGE) {
        let ids: Vec<&str> = page.iter().map(|comment| comment.node_id.as_str()).collect();
        let found = match repository.graphql::<NodesJson>(EDITS, &json!({ "ids": ids })).await {
            Ok(found) => found.nodes,
            Err(ForgeError::NotFound(_) | ForgeError::Refused(_)) => Vec::new(),
            Err(error) => return Err(error),
        };
        // In the order of the ids; nothing in the place of a comment that was deleted since.
        let mut found = found.into_iter();
        all.extend(page.iter().map(|comment| {
            let edit = found.next().flatten();
            let at = edit.map_or(comment.updated_at, |edit| edit.after(comment.created_at));
            KnownEdit { comment: comment.clone(), at }
        }));
    }
    Ok(all)
}

impl EditJson {
    /// Returns the time of the edit, always after the writing.
    fn after(&self, created: Timestamp) -> Timestamp {
        let later = created.checked_add(SignedDuration::from_secs(1)).unwrap_or(Timestamp::MAX);
        self.last_edited_at.map_or(created, |edited| edited.max(later))
    }
}
