//! Commit statuses of the model.

use serde_json::{Value, json};

use super::answers::Answer;
use super::git;
use super::routes::Request;
use super::shapes;
use super::state::{Role, State, StatusRow, whole_second};

/// The longest description, in characters.
const LONGEST: usize = 140;

/// Creates a status. Anyone with write access may.
pub(crate) fn create(state: &mut State, request: &Request<'_>, commit: &str) -> Answer {
    if request.by.role == Role::Read {
        return Answer::says(404, "Not Found");
    }
    let exists = state.memory.is_some()
        || git::ask(&state.bare, &["cat-file", "-e", &format!("{commit}^{{commit}}")]).is_some();
    if !exists {
        return Answer::says(422, &format!("No commit found for SHA: {commit}"));
    }
    let text = |name: &str| request.body[name].as_str().map(str::to_owned);
    let new_state = text("state").unwrap_or_default();
    if !["error", "failure", "pending", "success"].contains(&new_state.as_str()) {
        return Answer::invalid("state is not included in the list");
    }
    let description = text("description");
    if description.as_ref().is_some_and(|text| text.chars().count() > LONGEST) {
        return Answer::invalid("description is too long (maximum is 140 characters)");
    }
    let row = StatusRow {
        id: state.id(),
        creator: request.by.id,
        commit: commit.to_owned(),
        context: text("context").unwrap_or_else(|| "default".to_owned()),
        state: new_state,
        description,
        target_url: text("target_url"),
        created_at: whole_second(),
    };
    state.statuses.push(row.clone());
    let mut created = simple(&row);
    created["creator"] = shapes::user(&request.by);
    Answer::created(created)
}

/// The combined status: the latest status of each context, which has no creator here.
pub(crate) fn combined(state: &State, commit: &str) -> Answer {
    let mut latest: Vec<&StatusRow> = Vec::new();
    for row in state.statuses.iter().filter(|row| row.commit == commit) {
        latest.retain(|known| !known.context.eq_ignore_ascii_case(&row.context));
        latest.push(row);
    }
    let all = |wanted: &str| latest.iter().all(|row| row.state == wanted);
    let is_bad = |row: &&StatusRow| row.state == "failure" || row.state == "error";
    let overall = match (latest.iter().copied().any(|row| is_bad(&row)), latest.is_empty() || !all("success"))
    {
        (true, _) => "failure",
        (false, true) => "pending",
        (false, false) => "success",
    };
    let statuses: Vec<Value> = latest.iter().map(|row| simple(row)).collect();
    Answer::ok(json!({
        "state": overall, "sha": commit, "total_count": statuses.len(), "statuses": statuses,
    }))
}

fn simple(row: &StatusRow) -> Value {
    let at = row.created_at.to_string();
    json!({
        "id": row.id, "node_id": format!("SC_{}", row.id), "state": row.state, "context": row.context,
        "description": row.description, "target_url": row.target_url, "created_at": at, "updated_at": at,
        "avatar_url": "https://avatars/u/1", "url": format!("https://api/statuses/{}", row.commit),
    })
}
