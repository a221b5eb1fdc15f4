//! Whether a whole object that says that it approves also says something else. Such a source is never mended into an
//! approval, as what speaks against it would be mended away.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use crate::pattern::pattern;

/// Lists that hold what must be fixed.
const MUST_FIX: [&str; 4] =
    ["blocking_items", "blocking_plan_issues", "same_pr_followups", "same_plan_followups"];

/// Words by which an approving review may dispose of an item.
const MILD: [&str; 2] = ["resolved", "future"];

static TELLING: LazyLock<Regex> =
    pattern!(r"(?i)approv|block|verdict|reject|sever|finding|issue|problem|error|bug|fail|concern|must|\s");

/// Whether anything in an object speaks against what it approves.
pub(super) fn hesitates(object: &Value) -> bool {
    wants_fixes(object) || disposes_twice(object) || tells_in_keys(object)
}

fn wants_fixes(object: &Value) -> bool {
    let is_nothing = |value: &Value| value.is_null() || value.as_array().is_some_and(Vec::is_empty);
    MUST_FIX.iter().filter_map(|list| object.get(*list)).any(|value| !is_nothing(value))
}

/// Whether an item is disposed of in two ways, or in one that leaves it open.
fn disposes_twice(object: &Value) -> bool {
    let lists = ["prior_item_dispositions", "prior_plan_item_dispositions"];
    let all = lists.iter().filter_map(|list| object.get(*list)?.as_array()).flatten();
    let mut words: BTreeMap<String, String> = BTreeMap::new();
    for one in all {
        let text = |name: &str| one.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (id, word) = (text("item_id"), text("disposition"));
        let before = words.insert(id, word.clone());
        if !MILD.contains(&word.as_str()) || before.is_some_and(|before| before != word) {
            return true;
        }
    }
    false
}

/// Whether a key that no answer has says something, or what it holds does.
fn tells_in_keys(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.iter().any(|(key, member)| {
            let is_ours = MUST_FIX.contains(&key.as_str());
            (!is_ours && TELLING.is_match(key)) || tells_in_keys(member)
        }),
        Value::Array(values) => values.iter().any(tells_in_keys),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn contradictions_in_an_approval_are_heard() {
        let with = |key: &str, value: Value| {
            let mut object = json!({ "kind": "pr_review", "state": "approved", "summary": "s" });
            object[key] = value;
            object
        };
        let disposed = |words: &[&str]| {
            json!(
                words
                    .iter()
                    .map(|word| json!({"item_id": "item-1", "disposition": word}))
                    .collect::<Vec<_>>()
            )
        };
        for object in [
            with("approved", json!(false)),
            with("blocking", json!(true)),
            with("blocking_items", json!(1)),
            with("blocking_items", json!([7])),
            with("same_pr_followups", json!({})),
            with("findings", json!({"median panics": true})),
            with("median panics on empty input", json!(true)),
            with("prior_item_dispositions", disposed(&["resolved", "blocking"])),
            with("prior_item_dispositions", disposed(&["BLOCKING"])),
            with("prior_item_dispositions", disposed(&["future", "resolved"])),
        ] {
            assert!(hesitates(&object), "{object}");
        }
        for object in [
            with("extra", json!(true)),
            with("blocking_items", json!([])),
            with("blocking_items", Value::Null),
            with("prior_item_dispositions", disposed(&["resolved", "resolved"])),
        ] {
            assert!(!hesitates(&object), "{object}");
        }
    }
}
