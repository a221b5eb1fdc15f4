//! The head that the `subject` of older data names.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::said::Head;

#[expect(clippy::expect_used, reason = "a constant pattern, compiled by a test")]
static COMMIT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b(?:[0-9a-fA-F]{64}|[0-9a-fA-F]{40})\b").expect("a valid pattern"));

/// The head of a subject. One that names no commit still is told apart from others.
pub(super) fn head(subject: &Value) -> Option<Head> {
    if subject.is_null() {
        return None;
    }
    Some(Head(commit(subject).unwrap_or_else(|| subject.to_string())))
}

fn commit(subject: &Value) -> Option<String> {
    match subject {
        Value::String(text) => COMMIT.find(text).map(|found| found.as_str().to_ascii_lowercase()),
        Value::Object(members) => {
            let is_head = |key: &str| key.to_ascii_lowercase().contains("head");
            let is_base = |key: &str| key.to_ascii_lowercase().contains("base");
            let head = members.iter().filter(|(key, _)| is_head(key)).find_map(|(_, value)| commit(value));
            head.or_else(|| {
                members.iter().filter(|(key, _)| !is_base(key)).find_map(|(_, value)| commit(value))
            })
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_head_is_found_however_the_subject_names_it() {
        let (head_sha, base_sha) = ("a".repeat(40), "b".repeat(40));
        for subject in [
            json!(head_sha),
            json!(head_sha.to_uppercase()),
            json!(format!("pr-7@{head_sha}")),
            json!({ "base_sha": base_sha, "head_sha": head_sha }),
            json!({ "commit": head_sha, "base": { "sha": base_sha } }),
            json!({ "a_tree": base_sha, "pull_request": 7, "head": { "sha": head_sha } }),
        ] {
            assert_eq!(head(&subject), Some(Head(head_sha.clone())), "{subject}");
        }
    }

    #[test]
    fn subjects_without_a_commit_are_still_told_apart() {
        assert_eq!(head(&Value::Null), None);
        assert_ne!(head(&json!("pr-7")), head(&json!("pr-8")));
    }
}
