//! The JSON of GitHub's answers: of each object the members that its description marks as required and that are read here.

use serde_json::{Value, json};

use super::state::{Comment, Filed, OWNER, Person, REPOSITORY_ID, Role, State};
use super::{forks, merging};

fn permission(role: Role) -> &'static str {
    match role {
        Role::Admin => "admin",
        Role::Write => "write",
        Role::Read => "read",
    }
}

pub(crate) fn user(person: &Person) -> Value {
    let kind = if person.login.ends_with("[bot]") { "Bot" } else { "User" };
    json!({ "login": person.login, "id": person.id, "node_id": format!("U_{}", person.id), "type": kind, "site_admin": false })
}

fn author(state: &State, id: Option<u64>) -> Value {
    id.and_then(|id| state.people.get(&id)).map_or(Value::Null, user)
}

pub(crate) fn repository(state: &State, asks: &Person) -> Value {
    let allows = |method| state.merging.methods.contains(&method);
    json!({
        "id": REPOSITORY_ID, "name": state.name, "full_name": format!("{OWNER}/{}", state.name), "private": true,
        "owner": { "login": OWNER, "id": 1, "type": "Organization" }, "fork": false, "default_branch": "main",
        "archived": state.is_archived, "disabled": false, "has_issues": state.has_issues,
        "permissions": {
            "admin": asks.role == Role::Admin, "maintain": asks.role == Role::Admin, "push": asks.role != Role::Read,
            "triage": asks.role != Role::Read, "pull": true,
        },
        "allow_merge_commit": allows("merge"), "allow_squash_merge": allows("squash"), "allow_rebase_merge": allows("rebase"),
    })
}

pub(crate) fn permission_of(person: &Person) -> Value {
    json!({ "permission": permission(person.role), "role_name": permission(person.role), "user": user(person) })
}

fn state_name(filed: &Filed) -> &'static str {
    if filed.is_open { "open" } else { "closed" }
}

fn count(state: &State, number: u64) -> usize {
    state.comments.iter().filter(|comment| comment.on == number).count()
}

pub(crate) fn issue(state: &State, filed: &Filed) -> Value {
    let mut issue = json!({
        "id": 500_000 + filed.number, "number": filed.number, "state": state_name(filed), "locked": filed.is_locked,
        "state_reason": filed.state_reason, "title": filed.title, "body": filed.body, "user": author(state, Some(filed.author)),
        "comments": count(state, filed.number), "author_association": "NONE", "labels": [], "assignees": [],
    });
    if filed.pull.is_some() {
        issue["pull_request"] =
            json!({ "url": format!("https://api/repos/{OWNER}/{}/pulls/{}", state.name, filed.number) });
    }
    issue
}

pub(crate) fn comment(state: &State, comment: &Comment) -> Value {
    json!({
        "id": comment.id, "node_id": format!("IC_{}", comment.id), "user": author(state, comment.author),
        "body": comment.body, "created_at": comment.created_at.to_string(), "updated_at": comment.updated_at.to_string(),
        // It says nothing of what the author may do, and must not be believed.
        "author_association": "MEMBER",
        "minimized": comment.minimized.map(|reason| json!({ "reason": reason })),
    })
}

/// A pull request, as in a list.
pub(crate) fn pull(state: &State, filed: &Filed) -> Value {
    let pull = filed.pull.as_ref().unwrap();
    let open_head = forks::head(state, pull).filter(|_| filed.is_open);
    let head = open_head.unwrap_or_else(|| pull.last_head.clone());
    let own = json!({ "id": REPOSITORY_ID, "full_name": format!("{OWNER}/{}", state.name) });
    let base = state.tip(&pull.base).unwrap_or_default();
    json!({
        "id": 600_000 + filed.number, "number": filed.number, "state": state_name(filed), "locked": filed.is_locked,
        "draft": pull.is_draft, "title": filed.title, "body": filed.body, "user": author(state, Some(filed.author)),
        "merged_at": pull.merge.as_ref().map(|_| "2026-01-01T00:00:00Z"),
        // Of an open one it is the commit of a trial merge.
        "merge_commit_sha": pull.merge.clone().unwrap_or_else(|| "0123456789012345678901234567890123456789".to_owned()),
        "head": { "ref": pull.head, "sha": head, "repo": forks::source(state, pull) },
        "base": { "ref": pull.base, "sha": base, "repo": own },
    })
}

/// A pull request that was asked for by its number.
pub(crate) fn one_pull(state: &State, filed: &Filed) -> Value {
    let mut one = pull(state, filed);
    one["comments"] = count(state, filed.number).into();
    one["maintainer_can_modify"] = forks::allows_edits(state, filed.pull.as_ref().unwrap()).into();
    merging::add_mergeable(state, filed, &mut one);
    one["merged"] = filed.pull.as_ref().is_some_and(|pull| pull.merge.is_some()).into();
    one
}
