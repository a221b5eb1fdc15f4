//! Stores the settings of an agent with an alias under its name.

use std::collections::BTreeMap;

use toml::Value;

use crate::domain::agent::Backend;

/// Returns the values under canonical names, or the alias and the name if both are used.
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

/// Returns the canonical path of a path with an alias.
fn canonical(path: &str) -> Option<String> {
    let (agent, rest) = path.strip_prefix("agents.")?.split_once('.')?;
    let name = Backend::canonical(agent);
    (name != agent).then(|| format!("agents.{name}.{rest}"))
}

/// Returns the part `agents.NAME` of a path.
fn section(path: &str) -> &str {
    let end = path.match_indices('.').nth(1).map_or(path.len(), |(at, _)| at);
    path.get(..end).unwrap_or(path)
}
