//! Keys that exclude each other: `model` and the chain `models`, at each level of an agent. The key of a later source
//! replaces that of an earlier source; both in one source are an error.

use std::collections::BTreeMap;

use toml::Value;

/// Returns the key that a value replaces. An empty list replaces nothing.
pub fn replaced(path: &str, value: &Value) -> Option<String> {
    if value.as_array().is_some_and(Vec::is_empty) { None } else { other(path) }
}

/// Returns the key that excludes this one.
pub fn other(path: &str) -> Option<String> {
    let parts: Vec<&str> = path.split('.').collect();
    let (["agents", _, key] | ["agents", _, "coder" | "reviewer", key] | ["agents", _, "label", _, key]) =
        parts.as_slice()
    else {
        return None;
    };
    let other = match *key {
        "model" => "models",
        "models" => "model",
        _ => return None,
    };
    let level = path.strip_suffix(key)?;
    Some(format!("{level}{other}"))
}

/// Returns two keys of one source that exclude each other.
pub fn conflict(values: &BTreeMap<String, Value>) -> Option<(String, String)> {
    values.iter().find_map(|(path, value)| {
        let other = replaced(path, value)?;
        let is_conflict = replaced(&other, values.get(&other)?).is_some();
        is_conflict.then(|| (path.clone(), other))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exclusion_stays_within_a_level() {
        let value = Value::from("a");
        assert_eq!(replaced("agents.x.model", &value).as_deref(), Some("agents.x.models"));
        assert_eq!(replaced("agents.x.coder.models", &value).as_deref(), Some("agents.x.coder.model"));
        for path in ["agents.x.effort", "repair.models", "agents.model", "agents.x.coder"] {
            assert_eq!(replaced(path, &value), None, "{path}");
        }
        assert_eq!(replaced("agents.x.models", &Value::Array(Vec::new())), None);
    }
}
