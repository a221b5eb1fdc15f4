//! The keys that exist, read off the schema of the settings: their kind of value, what they mean, the nearest to a typo.

use serde_json::Value;

use crate::cli::nearest::nearest;

use super::settings::Settings;

/// The place of a name that a person chooses, in a key.
pub const NAME: &str = "NAME";

/// A key as it stands in the schema; `NAME` is any name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownKey {
    /// Its path, joined by dots.
    pub path: String,
    pub meaning: String,
    /// The kind of its value.
    pub kind: Kind,
}

/// The kind of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    /// Anything else; written as in TOML.
    Toml,
}

/// The JSON Schema of the settings.
pub fn schema() -> Value {
    let settings = schemars::generate::SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<Settings>().to_value();
    if let Value::Object(members) = &mut schema {
        members.insert("title".to_owned(), Value::from("agent-loop.toml"));
    }
    schema
}

/// Every key that exists, by section.
pub fn known() -> Vec<KnownKey> {
    let mut keys = Vec::new();
    collect(&schema(), "", &mut keys);
    keys
}

fn collect(node: &Value, path: &str, keys: &mut Vec<KnownKey>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    if let Some(Value::Object(members)) = node.get("properties") {
        for (name, member) in members {
            collect(member, &below(name), keys);
        }
    } else if let Some(any @ Value::Object(_)) = node.get("additionalProperties") {
        collect(any, &below(NAME), keys);
    } else {
        keys.push(KnownKey { path: path.to_owned(), meaning: meaning(node), kind: kind(node) });
    }
}

/// What a section or key means, in one line.
pub fn meaning(node: &Value) -> String {
    let text = node.get("description").and_then(Value::as_str).unwrap_or_default();
    text.replace('\n', " ")
}

fn kind(node: &Value) -> Kind {
    let is_text = |name: &Value| name == "string";
    let text = match node.get("type") {
        Some(Value::Array(names)) => names.iter().any(is_text),
        Some(name) => is_text(name),
        // A list of words to choose from.
        None => true,
    };
    if text { Kind::Text } else { Kind::Toml }
}

/// The known key that a key of some file is.
pub fn find<'known>(known: &'known [KnownKey], path: &str) -> Option<&'known KnownKey> {
    known.iter().find(|key| matches(&key.path, path))
}

/// Whether a section with this path exists.
pub fn is_section(known: &[KnownKey], path: &str) -> bool {
    known.iter().any(|key| {
        let parts = path.split('.').count();
        let section: Vec<&str> = key.path.split('.').take(parts).collect();
        key.path.split('.').count() > parts && matches(&section.join("."), path)
    })
}

fn matches(pattern: &str, path: &str) -> bool {
    let (mut pattern, mut path) = (pattern.split('.'), path.split('.'));
    loop {
        match (pattern.next(), path.next()) {
            (None, None) => return true,
            (Some(NAME), Some(name)) if !name.is_empty() => {}
            (Some(part), Some(name)) if part == name => {}
            (Some(_) | None, Some(_) | None) => return false,
        }
    }
}

/// `unknown key …`, with the nearest that exists.
pub fn unknown(known: &[KnownKey], path: &str) -> String {
    if is_section(known, path) {
        return format!("`{path}` is a section and takes no value; its keys are below it, as in `[{path}]`");
    }
    let last = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    let whole = nearest(path, known.iter().map(|key| key.path.as_str())).map(str::to_owned);
    let by_last_part = || {
        let lasts: Vec<(String, &str)> =
            known.iter().map(|key| (last(&key.path), key.path.as_str())).collect();
        let found = nearest(&last(path), lasts.iter().map(|(last, _)| last.as_str()))?;
        lasts.iter().find(|(last, _)| last == found).map(|(_, path)| (*path).to_owned())
    };
    match whole.or_else(by_last_part) {
        Some(known) => format!("unknown key `{path}`; did you mean `{known}`?"),
        None => format!("unknown key `{path}`; `agent-loop config explain` lists those that exist"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_says_what_it_means() {
        let known = known();
        assert!(known.len() > 20, "{known:?}");
        for key in &known {
            assert!(!key.meaning.is_empty(), "{}", key.path);
        }
    }

    #[test]
    fn a_name_stands_where_a_name_may() {
        let known = known();
        assert!(find(&known, "agents.todo.cmd").is_some());
        assert!(find(&known, "agents.cmd").is_none());
        assert!(is_section(&known, "agents.todo") && is_section(&known, "gates"));
        assert!(!is_section(&known, "review.max_rounds"));
    }

    #[test]
    fn the_nearest_key_is_named() {
        let known = known();
        assert!(unknown(&known, "review.max_round").contains("`review.max_rounds`"));
        assert!(unknown(&known, "test.command").contains("`gates.tests.command`"));
        assert!(unknown(&known, "max_rounds").contains("`review.max_rounds`"));
        assert!(unknown(&known, "review").contains("is a section"));
        assert!(unknown(&known, "frobnicate.xyzzy").contains("config explain"));
    }
}
