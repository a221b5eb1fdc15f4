//! The REST calls: the data that each reads or changes. Faults and logins are handled before.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::answers::Answer;
use super::server::decoded;
use super::state::{Filed, OWNER, Person, Pull, REPOSITORY_ID, State};
use super::{checks, forks, merging, protection, reviews, search, shapes, statuses};

/// A call of a person who is logged in.
pub(crate) struct Request<'request> {
    pub(crate) method: &'request str,
    pub(crate) path: &'request str,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) body: Value,
    pub(crate) by: Person,
}

/// The longest body of a comment, in characters.
const LONGEST: usize = 65_536;

/// Answers a call.
pub(crate) fn answer(state: &mut State, request: &Request<'_>) -> Answer {
    let parts: Vec<&str> = request.path.split('/').collect();
    let name = state.name.clone();
    match (request.method, parts.as_slice()) {
        ("GET", ["user"]) => {
            let scopes = request.by.scopes.clone();
            let answer = Answer::ok(shapes::user(&request.by));
            scopes.into_iter().fold(answer, |answer, scopes| answer.with("x-oauth-scopes", &scopes))
        }
        ("POST", ["graphql"]) => merging::graphql(state, request),
        ("GET", ["search", "issues"]) => search::issues(state, request),
        ("GET", ["rate_limit"]) => {
            let reset = super::state::whole_second().as_second() + 1800;
            let core = json!({ "limit": 5000, "used": 13, "remaining": 4987, "reset": reset });
            Answer::ok(json!({ "resources": { "core": core, "search": core }, "rate": core }))
        }
        ("GET", ["repositories", id]) if *id == REPOSITORY_ID.to_string() => {
            Answer::ok(shapes::repository(state, &request.by))
        }
        (_, ["repos", OWNER, known, ..]) if state.former_name.as_deref() == Some(known) => {
            let status = if request.method == "GET" { 301 } else { 307 };
            Answer::says(status, "Moved Permanently")
                .with("location", &format!("/api/v3/repositories/{REPOSITORY_ID}"))
        }
        ("GET", ["repos", OWNER, known]) if *known == name => {
            Answer::ok(shapes::repository(state, &request.by))
        }
        (method, ["repos", OWNER, known, rest @ ..]) if *known == name => {
            inside(state, request, method, rest)
        }
        ("GET", ["repos", owner, fork, rest @ ..]) => forks::answer(state, &format!("{owner}/{fork}"), rest),
        _ => Answer::says(404, "Not Found"),
    }
}

fn inside(state: &mut State, request: &Request<'_>, method: &str, rest: &[&str]) -> Answer {
    match (method, rest) {
        ("GET", ["issues", number, "comments"]) => comments(state, request, number),
        ("POST", ["issues", number, "comments"]) => comment(state, request, number),
        ("GET", ["issues"]) => issues(state, request),
        ("POST", ["issues"]) if !state.has_issues => Answer::says(410, "Issues are disabled for this repo"),
        ("POST", ["issues" | "pulls"]) if is_too_long(request) => {
            Answer::invalid("title or body is too long (maximum is 256 and 65536 characters)")
        }
        ("POST", ["issues"]) => {
            let number = state.file(request.by.id, (text(request, "title"), text(request, "body")), None);
            Answer::created(shapes::issue(state, &state.filed[&number]))
        }
        ("GET", ["issues", number]) => {
            let found = number.parse().ok().and_then(|number: u64| state.filed.get(&number));
            match found {
                None => Answer::says(404, "Not Found"),
                Some(found) if found.pull.is_none() && !state.has_issues => {
                    Answer::says(410, "Issues are disabled for this repo")
                }
                Some(found) => Answer::ok(shapes::issue(state, found)),
            }
        }
        ("GET", ["pulls"]) => pulls(state, request),
        ("POST", ["pulls"]) => open(state, request),
        ("GET", ["pulls", number]) => {
            let found = number.parse().ok().and_then(|number: u64| state.filed.get(&number));
            let found = found.filter(|found| found.pull.is_some());
            found.map_or_else(
                || Answer::says(404, "Not Found"),
                |found| Answer::ok(shapes::one_pull(state, found)),
            )
        }
        ("PUT", ["pulls", number, "merge"]) => merging::merge(state, request, number),
        ("GET", ["pulls", number, "reviews"]) => reviews::list(state, request, number),
        ("POST", ["pulls", number, "reviews"]) => reviews::create(state, request, number),
        ("GET", ["collaborators", login, "permission"]) => {
            let found = state.people.values().find(|person| person.login == *login);
            found.map_or_else(
                || Answer::says(404, "Not Found"),
                |found| Answer::ok(shapes::permission_of(found)),
            )
        }
        ("GET", ["branches", name]) => {
            let name = decoded(name);
            protection::branch(state, &name, state.tip(&name))
        }
        ("GET", ["branches", name, "protection"]) => protection::whole(state, request, &decoded(name)),
        ("GET", ["rules", "branches", name]) => protection::rules(state, &decoded(name)),
        ("GET", ["commits", commit, "check-runs"]) => checks::runs(state, commit),
        ("GET", ["actions", "jobs", id, "logs"]) => checks::log(id),
        ("GET", ["commits", commit, "status"]) => statuses::combined(state, commit),
        ("POST", ["statuses", commit]) => statuses::create(state, request, commit),
        _ => Answer::says(404, "Not Found"),
    }
}

fn is_too_long(request: &Request<'_>) -> bool {
    let length = |name| text(request, name).chars().count();
    length("title") > 256 || length("body") > LONGEST
}

fn text<'request>(request: &'request Request<'_>, name: &str) -> &'request str {
    request.body[name].as_str().unwrap_or_default()
}

/// Returns one page of a list, with the link to the next.
pub(crate) fn page(request: &Request<'_>, all: Vec<Value>) -> Answer {
    let number = |name: &str, otherwise| {
        request.query.get(name).and_then(|text| text.parse().ok()).unwrap_or(otherwise)
    };
    let (size, page): (usize, usize) = (number("per_page", 30).min(100), number("page", 1));
    let start = size * (page - 1);
    let is_last = start + size >= all.len();
    let answer = Answer::ok(all.into_iter().skip(start).take(size).collect());
    if is_last {
        return answer;
    }
    let next = format!("<https://localhost/repositories/{REPOSITORY_ID}/x?page={}>; rel=\"next\"", page + 1);
    answer.with("link", &next)
}

fn comments(state: &mut State, request: &Request<'_>, number: &str) -> Answer {
    let number: u64 = number.parse().unwrap();
    let since: Option<Timestamp> = request.query.get("since").map(|text| text.parse().unwrap());
    let mut shown = Vec::new();
    for comment in state.comments.iter_mut().filter(|comment| comment.on == number) {
        if comment.hidden_from > 0 {
            comment.hidden_from -= 1;
        } else if since.is_none_or(|since| comment.updated_at >= since) {
            shown.push(comment.clone());
        }
    }
    page(request, shown.iter().map(|comment| shapes::comment(state, comment)).collect())
}

fn comment(state: &mut State, request: &Request<'_>, number: &str) -> Answer {
    let (number, body) = (number.parse().unwrap(), text(request, "body"));
    if state.filed.get(&number).is_none_or(|filed| filed.is_locked) {
        return Answer::says(403, "Unable to create comment because issue is locked.");
    }
    if body.chars().count() > LONGEST {
        return Answer::invalid("body is too long (maximum is 65536 characters)");
    }
    let id = state.comment(number, request.by.id, body);
    let written = state.comments.iter().find(|comment| comment.id == id).unwrap();
    Answer::created(shapes::comment(state, written))
}

/// The issues and pull requests that a list shows: one that lags behind misses the newest.
fn listed(state: &mut State, request: &Request<'_>, fits: impl Fn(&State, &Filed) -> bool) -> Vec<Filed> {
    let all: Vec<u64> =
        state.filed.values().filter(|filed| fits(state, filed)).map(|filed| filed.number).collect();
    let mut shown = Vec::new();
    let is_ascending = request.query.get("direction").is_some_and(|direction| direction == "asc");
    let in_order: Vec<u64> = if is_ascending { all } else { all.into_iter().rev().collect() };
    for number in in_order {
        let filed = state.filed.get_mut(&number).unwrap();
        match filed.hidden_from {
            0 => shown.push(filed.clone()),
            _ => filed.hidden_from -= 1,
        }
    }
    shown
}

fn issues(state: &mut State, request: &Request<'_>) -> Answer {
    let creator = request.query.get("creator");
    let is_by = |state: &State, filed: &Filed| {
        creator.is_none_or(|login| state.people[&filed.author].login == *login)
    };
    let all = listed(state, request, is_by);
    page(request, all.iter().map(|filed| shapes::issue(state, filed)).collect())
}

fn pulls(state: &mut State, request: &Request<'_>) -> Answer {
    let head = request.query.get("head").and_then(|head| head.strip_prefix(&format!("{OWNER}:")));
    let fits = |pull: &Pull| head.is_none_or(|head| pull.head == head);
    let all = listed(state, request, |_, filed| filed.pull.as_ref().is_some_and(fits));
    page(request, all.iter().map(|filed| shapes::pull(state, filed)).collect())
}

fn open(state: &mut State, request: &Request<'_>) -> Answer {
    let (head, base) = (text(request, "head"), text(request, "base"));
    let (Some(tip), Some(base_tip)) = (state.tip(head), state.tip(base)) else {
        return Answer::invalid("head is invalid");
    };
    let is_same = |pull: &Pull| pull.head == head && pull.base == base;
    if state.filed.values().any(|filed| filed.is_open && filed.pull.as_ref().is_some_and(is_same)) {
        return Answer::invalid(&format!("A pull request already exists for {OWNER}:{head}."));
    }
    if state.contains(&base_tip, &tip) {
        return Answer::invalid(&format!("No commits between {base} and {head}"));
    }
    let (head, base) = (head.to_owned(), base.to_owned());
    let pull = Pull { head, base, last_head: tip, is_draft: false, fork: None, merge: None };
    let number = state.file(request.by.id, (text(request, "title"), text(request, "body")), Some(pull));
    Answer::created(shapes::one_pull(state, &state.filed[&number]))
}
