//! The edits of comments, as GraphQL shows them.

use serde_json::{Value, json};

use super::answers::Answer;
use super::state::State;

/// Answers the query for the last edits of comments; nothing, if it is another query.
pub(crate) fn graphql(state: &State, query: &str, variables: &Value) -> Option<Answer> {
    if !query.contains("lastEditedAt") {
        return None;
    }
    let node = |id: &Value| {
        let id: u64 = id.as_str()?.strip_prefix("IC_")?.parse().ok()?;
        let comment = state.comments.iter().find(|comment| comment.id == id)?;
        let edited = comment.edited_at.map(|at| at.to_string());
        Some(json!({ "lastEditedAt": edited }))
    };
    let nodes: Vec<Value> =
        variables["ids"].as_array()?.iter().map(|id| node(id).unwrap_or_default()).collect();
    Some(Answer::ok(json!({ "data": { "nodes": nodes } })))
}
