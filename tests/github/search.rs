//! The search for issues by title. It does not know the newest issue yet, nor what HTML comments hold.

use serde_json::json;

use super::answers::Answer;
use super::routes::Request;
use super::shapes;
use super::state::{OWNER, State};

pub(crate) fn issues(state: &State, request: &Request<'_>) -> Answer {
    let query = &request.query["q"];
    let (qualifiers, title) = query.split_once('"').unwrap();
    let author = qualifiers.split(' ').find_map(|word| word.strip_prefix("author:")).unwrap();
    assert!(qualifiers.contains(&format!("repo:{OWNER}/{} ", state.name)), "{query}");
    assert!(
        qualifiers.contains("is:issue") && qualifiers.contains("in:title") && query.len() <= 256,
        "{query}"
    );
    let title = words(title);
    let known = state.filed.values().rev().skip(1).filter(|filed| filed.pull.is_none());
    let found = known
        .filter(|filed| words(&filed.title).contains(&title) && state.people[&filed.author].login == author);
    let items: Vec<_> = found.take(100).map(|filed| shapes::issue(state, filed)).collect();
    Answer::ok(json!({ "total_count": items.len(), "incomplete_results": false, "items": items }))
}

/// Returns the words of a text, without punctuation.
fn words(text: &str) -> String {
    let text = text.to_lowercase();
    text.split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}
