//! Stores the settings of an agent with two names under one of them, whichever was written.

use std::collections::BTreeMap;

use toml::Value;

use crate::domain::agent::Backend;

/// Returns the values under canonical names.
pub fn resolved(values: &BTreeMap<String, Value>) -> Result<BTreeMap<String, Value>, (String, String)> {
    let key = |path: &str| Some((canonical(path)?, path.to_owned()));
    if let Some((canonical, written)) = values.keys().find_map(|path| key(path)) {
        let name = section(&canonical);
        if values.keys().any(|path| section(path) == name) {
            return Err((section(&written).to_owned(), name.to_owned()));
        }
    }
    let renamed =
        |(path, value): (&String, &Value)| (canonical(path).unwrap_or_else(|| path.clone()), value.clone());
    Ok(values.iter().map(renamed).collect())
}

/// Returns the canonical path, if this one uses an alias.
fn canonical(path: &str) -> Option<String> {
    let (agent, rest) = path.strip_prefix("agents.")?.split_once('.')?;
    let name = Backend::canonical(agent);
    (name != agent).then(|| format!("agents.{name}.{rest}"))
}

/// Returns `agents.NAME` of a longer path.
fn section(path: &str) -> &str {
    let end = path.match_indices('.').nth(1).map_or(path.len(), |(at, _)| at);
    path.get(..end).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(paths: &[&str]) -> Result<Vec<String>, (String, String)> {
        let values = paths.iter().map(|path| ((*path).to_owned(), Value::from(1))).collect();
        resolved(&values).map(|values| values.into_keys().collect())
    }

    #[test]
    fn an_alias_is_resolved_everywhere() {
        let all = of(&["agents.agy.coder.model", "agents.agy.model", "agents.agyle.model", "review.agy"]);
        let names = [
            "agents.agyle.model",
            "agents.antigravity.coder.model",
            "agents.antigravity.model",
            "review.agy",
        ];
        assert_eq!(all.unwrap(), names);
    }

    #[test]
    fn both_names_at_once_are_refused() {
        let both = of(&["agents.agy.model", "agents.antigravity.effort"]).unwrap_err();
        assert_eq!(both, ("agents.agy".to_owned(), "agents.antigravity".to_owned()));
        assert!(of(&["agents.agy.model", "agents.antigravity2.effort"]).is_ok());
    }
}
