//! Reviews of the model, and their threads: created with REST, resolved with GraphQL.

use serde_json::{Value, json};

use super::answers::Answer;
use super::git;
use super::routes::{Request, page};
use super::shapes;
use super::state::{OWNER, State};

/// The longest text, in characters.
const LONGEST: usize = 65_536;

#[derive(Debug, Clone)]
pub(crate) struct Review {
    pub(crate) id: u64,
    pub(crate) on: u64,
    pub(crate) author: u64,
    /// `APPROVED`, `CHANGES_REQUESTED`, `COMMENTED`, or `PENDING`: a draft that only its author sees.
    pub(crate) state: &'static str,
    pub(crate) body: String,
    pub(crate) commit: String,
}

/// A conversation at a line of the diff.
#[derive(Debug, Clone)]
pub(crate) struct Conversation {
    pub(crate) id: u64,
    pub(crate) on: u64,
    pub(crate) author: u64,
    pub(crate) path: String,
    pub(crate) line: u64,
    pub(crate) body: String,
    pub(crate) is_resolved: bool,
}

pub(crate) fn list(state: &State, request: &Request<'_>, number: &str) -> Answer {
    let number: u64 = number.parse().unwrap();
    let is_seen = |review: &&Review| review.state != "PENDING" || review.author == request.by.id;
    let all = state.reviews.iter().filter(|review| review.on == number).filter(is_seen);
    page(request, all.map(|review| shown(state, review)).collect())
}

fn refused(errors: &[String]) -> Answer {
    let mut answer = Answer::says(422, "Unprocessable Entity");
    answer.body["errors"] = json!(errors);
    answer
}

/// Creates a review with its conversations, or nothing.
pub(crate) fn create(state: &mut State, request: &Request<'_>, number: &str) -> Answer {
    let number: u64 = number.parse().unwrap();
    let Some(filed) = state.filed.get(&number).cloned() else { return Answer::says(404, "Not Found") };
    let pull = filed.pull.unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (body, commit) = (text(&request.body["body"]), text(&request.body["commit_id"]));
    let comments = request.body["comments"].as_array().cloned().unwrap_or_default();
    let is_draft =
        |review: &Review| (review.on, review.author, review.state) == (number, request.by.id, "PENDING");
    if state.reviews.iter().any(is_draft) {
        return refused(&["User can only have one pending review per pull request".to_owned()]);
    }
    let is_own = filed.author == request.by.id;
    let review_state = match (text(&request.body["event"]).as_str(), is_own) {
        ("APPROVE", true) => return refused(&["Can not approve your own pull request".to_owned()]),
        ("REQUEST_CHANGES", true) => {
            return refused(&["Can not request changes on your own pull request".to_owned()]);
        }
        ("APPROVE", false) => "APPROVED",
        ("REQUEST_CHANGES", false) => "CHANGES_REQUESTED",
        ("COMMENT", _) => "COMMENTED",
        (other, _) => {
            return refused(&[format!(
                "Variable $event of type PullRequestReviewEvent was provided invalid value {other}"
            )]);
        }
    };
    if body.is_empty() && review_state != "APPROVED" {
        return refused(&["Body can't be blank".to_owned()]);
    }
    if body.chars().count() > LONGEST {
        return refused(&["Body is too long (maximum is 65536 characters)".to_owned()]);
    }
    let (base, head) =
        (git::tip(&state.bare, &pull.base).unwrap(), git::tip(&state.bare, &pull.head).unwrap());
    let is_in_it = git::ask(&state.bare, &["merge-base", "--is-ancestor", &commit, &head]).is_some();
    if !is_in_it {
        return refused(&["Commit is not part of the pull request".to_owned()]);
    }
    let start = git::ask(&state.bare, &["merge-base", &base, &commit]).unwrap();
    for comment in &comments {
        let (path, line) = (text(&comment["path"]), comment["line"].as_u64().unwrap());
        if !is_in_diff(&git::ask(&state.bare, &["diff", &start, &commit, "--", &path]).unwrap(), line) {
            let why = "Pull request review thread line must be part of the diff and Pull request review thread diff hunk can't be blank";
            return refused(&[why.to_owned()]);
        }
    }
    let review =
        Review { id: state.id(), on: number, author: request.by.id, state: review_state, body, commit };
    let answer = Answer::ok(shown(state, &review));
    state.reviews.push(review);
    for comment in comments {
        let id = state.id();
        let (path, line, body) =
            (text(&comment["path"]), comment["line"].as_u64().unwrap(), text(&comment["body"]));
        let (author, is_resolved) = (request.by.id, false);
        state.conversations.push(Conversation { id, on: number, author, path, line, body, is_resolved });
    }
    answer
}

/// Whether a line is in a hunk, after the change.
fn is_in_diff(diff: &str, line: u64) -> bool {
    let headers =
        diff.lines().filter_map(|text| text.strip_prefix("@@ ")?.split(' ').nth(1)?.strip_prefix('+'));
    headers.into_iter().any(|after| {
        let (start, count) = after.split_once(',').unwrap_or((after, "1"));
        let (start, count): (u64, u64) = (start.parse().unwrap(), count.parse().unwrap());
        (start..start + count).contains(&line)
    })
}

fn shown(state: &State, review: &Review) -> Value {
    let url = format!("https://localhost/{OWNER}/{}/pull/{}", state.name, review.on);
    let html = format!("{url}#pullrequestreview-{}", review.id);
    let mut shown = json!({
        "id": review.id, "node_id": format!("PRR_{}", review.id), "user": shapes::user(&state.people[&review.author]),
        "body": review.body, "state": review.state, "commit_id": review.commit, "submitted_at": "2026-01-01T00:00:00Z",
        "author_association": "OWNER", "html_url": html, "pull_request_url": url,
        "_links": { "html": { "href": html }, "pull_request": { "href": url } },
    });
    if review.state == "PENDING" {
        shown.as_object_mut().unwrap().remove("submitted_at");
    }
    shown
}

/// The two GraphQL operations that exist here; the schema test checks that GitHub has them too.
pub(crate) fn graphql(state: &mut State, request: &Request<'_>) -> Answer {
    let (query, variables) = (request.body["query"].as_str().unwrap(), &request.body["variables"]);
    if query.contains("resolveReviewThread(") {
        let id = variables["thread"].as_str().unwrap();
        let found = state.conversations.iter_mut().find(|one| format!("PRRT_{}", one.id) == id);
        let Some(found) = found else { return not_found("Could not resolve to a node with the global id") };
        found.is_resolved = true;
        return Answer::ok(
            json!({ "data": { "resolveReviewThread": { "thread": { "id": id, "isResolved": true } } } }),
        );
    }
    if variables["name"] != state.name.as_str() {
        return not_found("Could not resolve to a Repository with the name");
    }
    let (number, by) = (variables["number"].as_u64().unwrap(), request.by.id);
    let node = |one: &Conversation| {
        let first = json!({ "body": one.body, "viewerDidAuthor": one.author == by });
        json!({ "id": format!("PRRT_{}", one.id), "isResolved": one.is_resolved, "comments": { "nodes": [first] } })
    };
    let nodes: Vec<Value> = state.conversations.iter().filter(|one| one.on == number).map(node).collect();
    let threads = json!({ "nodes": nodes, "pageInfo": { "hasNextPage": false, "endCursor": null } });
    Answer::ok(json!({ "data": { "repository": { "pullRequest": { "reviewThreads": threads } } } }))
}

/// GraphQL refuses with status 200.
fn not_found(message: &str) -> Answer {
    Answer::ok(json!({ "data": null, "errors": [{ "type": "NOT_FOUND", "message": message }] }))
}
