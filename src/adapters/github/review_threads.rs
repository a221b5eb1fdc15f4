//! The conversations about findings at lines of the diff, which are resolved when their findings are. REST cannot do this.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::domain::ids::{ItemId, PullRequestNumber};
use crate::ports::forge::ForgeError;
use crate::text::native_review::marked;

use super::client::GithubRepository;
use super::shapes::text;

const THREADS: &str = include_str!("review_threads.graphql");
const RESOLVE: &str = include_str!("resolve_thread.graphql");

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ThreadsJson {
    repository: Option<RepositoryJson>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RepositoryJson {
    pull_request: Option<PullThreadsJson>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PullThreadsJson {
    review_threads: ThreadPageJson,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ThreadPageJson {
    nodes: Vec<ThreadJson>,
    page_info: PageInfoJson,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfoJson {
    has_next_page: bool,
    end_cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ThreadJson {
    id: String,
    is_resolved: bool,
    comments: FirstCommentJson,
}

#[derive(Debug, Deserialize)]
struct FirstCommentJson {
    nodes: Vec<ThreadCommentJson>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ThreadCommentJson {
    body: String,
    viewer_did_author: bool,
}

/// Resolves the conversations that we began about these items. One call for 100 conversations, and one for each of them.
pub(super) async fn resolve(
    repository: &GithubRepository,
    number: PullRequestNumber,
    items: &[ItemId],
) -> Result<(), ForgeError> {
    let (owner, name) = repository.repo.full_name.split_once('/').unwrap_or_default();
    let mut after = Value::Null;
    loop {
        let variables = json!({ "owner": owner, "name": name, "number": number, "after": after });
        let found: ThreadsJson = repository.graphql(THREADS, &variables).await?;
        let page = found.repository.and_then(|found| found.pull_request).map(|found| found.review_threads);
        let Some(ThreadPageJson { nodes, page_info }) = page else { return Ok(()) };
        for thread in nodes.iter().filter(|thread| !thread.is_resolved && is_about(thread, items)) {
            let _: Value = repository.graphql(RESOLVE, &json!({ "thread": thread.id })).await?;
        }
        match page_info {
            PageInfoJson { has_next_page: true, end_cursor: Some(cursor) } => after = json!(cursor),
            PageInfoJson { .. } => return Ok(()),
        }
    }
}

fn is_about(thread: &ThreadJson, items: &[ItemId]) -> bool {
    let first = thread.comments.nodes.first().filter(|comment| comment.viewer_did_author);
    let body = first.map(|comment| text(Some(comment.body.clone())));
    body.as_deref().and_then(marked).is_some_and(|name| items.iter().any(|item| item.as_str() == name))
}
