//! Properties of an answer as a whole: complaints without a path, and its verdict.

use serde_json::Value;

use super::super::expectation::Complaint;

/// Returns one complaint about the whole answer.
pub(super) fn whole(expected: &str, found: impl Into<String>) -> Vec<Complaint> {
    vec![Complaint::new("", expected, found)]
}

/// Returns the verdict of an answer, if its kind has one.
pub(in crate::protocol) fn verdict(answer: &Value) -> Option<&str> {
    answer.get("state").or_else(|| answer.get("outcome")).and_then(Value::as_str)
}
