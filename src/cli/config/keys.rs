//! The keys of the settings, derived from their schema: meaning, kind of value, default, and the key nearest to a typo.

use std::ops::RangeInclusive;
use std::sync::LazyLock;

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use serde_json::Value;

use crate::cli::nearest::{nearest, suggestion};

use super::settings::Settings;

/// The placeholder in a key for a name that the user chooses.
pub const NAME: &str = "NAME";

const MOST: i64 = i64::MAX;

/// A key of the schema.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownKey {
    /// The dotted path, with `NAME` for a name that the user chooses.
    pub path: String,
    pub meaning: String,
    pub kind: ValueKind,
    /// The default unless it is empty.
    pub default: Option<String>,
}

/// The kind of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueKind {
    Switch,
    Whole(RangeInclusive<i64>),
    Dollars,
    Text,
    Choice(Vec<Choice>),
    List(Box<Self>),
}

/// An allowed value of a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub word: String,
    pub meaning: String,
}

/// Returns the JSON Schema of the settings.
pub fn schema() -> Value {
    let settings = SchemaSettings::draft2020_12()
        .with(|settings| settings.inline_subschemas = true)
        .with_transform(RecursiveTransform(remove_empty_default));
    let mut schema = settings.into_generator().into_root_schema_for::<Settings>().to_value();
    if let Value::Object(members) = &mut schema {
        members.insert("title".to_owned(), Value::from("agent-loop.toml"));
    }
    schema
}

/// Removes an empty default, and that of a section: it repeats the defaults of its keys.
fn remove_empty_default(schema: &mut Schema) {
    let is_empty = schema.get("default").is_some_and(|default| match default {
        Value::Null | Value::Object(_) => true,
        Value::Array(values) => values.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    });
    if is_empty {
        schema.remove("default");
    }
}

/// Returns all keys, section by section.
pub fn known() -> &'static [KnownKey] {
    static KNOWN: LazyLock<Vec<KnownKey>> = LazyLock::new(|| {
        let mut keys = Vec::new();
        collect(&schema(), "", &mut keys);
        keys
    });
    &KNOWN
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
        let default = node.get("default").and_then(shown);
        keys.push(KnownKey { path: path.to_owned(), meaning: meaning(node), kind: kind(node), default });
    }
}

/// Returns the description of a section or key, in one line.
pub fn meaning(node: &Value) -> String {
    let text = node.get("description").and_then(Value::as_str).unwrap_or_default();
    text.replace('\n', " ")
}

fn kind(node: &Value) -> ValueKind {
    if let Some(Value::Array(choices)) = node.get("oneOf") {
        return ValueKind::Choice(choices.iter().map(choice).collect());
    }
    match type_name(node) {
        "boolean" => ValueKind::Switch,
        "integer" => ValueKind::Whole(range(node)),
        "number" => ValueKind::Dollars,
        "array" => ValueKind::List(Box::new(node.get("items").map_or(ValueKind::Text, kind))),
        _ => ValueKind::Text,
    }
}

fn choice(node: &Value) -> Choice {
    let word = node.get("const").and_then(Value::as_str).unwrap_or_default();
    Choice { word: word.to_owned(), meaning: meaning(node) }
}

/// Returns the type of a value; for an optional value, the type besides `null`.
fn type_name(node: &Value) -> &str {
    match node.get("type") {
        Some(Value::Array(names)) => names.first().and_then(Value::as_str).unwrap_or_default(),
        Some(name) => name.as_str().unwrap_or_default(),
        None => "",
    }
}

fn range(node: &Value) -> RangeInclusive<i64> {
    let least = node.get("minimum").and_then(Value::as_i64).unwrap_or_default();
    let most = match node.get("format").and_then(Value::as_str) {
        Some("uint32") => i64::from(u32::MAX),
        Some(_) | None => MOST,
    };
    least..=most
}

/// Returns a default in the form in which a person types it.
fn shown(default: &Value) -> Option<String> {
    match default {
        Value::Null | Value::Object(_) => None,
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(number) => {
            Some(number.as_f64().map_or_else(|| number.to_string(), |it| it.to_string()))
        }
        Value::String(text) => Some(text.clone()),
        Value::Array(values) => Some(values.iter().filter_map(shown).collect::<Vec<_>>().join(" ")),
    }
}

impl KnownKey {
    /// Returns whether a path in a source of settings is this key.
    pub fn is(&self, path: &str) -> bool {
        matches(&self.path, path)
    }
}

/// Finds the key for a path in a source of settings.
pub fn find(path: &str) -> Option<&'static KnownKey> {
    known().iter().find(|key| key.is(path))
}

/// Returns whether a section with this path exists.
pub fn is_section(path: &str) -> bool {
    sections().any(|section| matches(section, path))
}

fn sections() -> impl Iterator<Item = &'static str> {
    let of = |key: &'static KnownKey| key.path.match_indices('.').map(|(end, _)| key.path.split_at(end).0);
    known().iter().flat_map(of)
}

/// Describes a path that is neither a key nor a section, with the nearest one.
pub fn absent(path: &str) -> String {
    let keys = || known().iter().map(|key| key.path.as_str());
    // A person may know only the last part of a key.
    let whole = keys().find(|key| key.rsplit('.').next() == Some(path));
    let meant = whole.map(|key| format!(" (did you mean `{key}`?)"));
    let meant = meant.unwrap_or_else(|| suggestion(path, sections().chain(keys())));
    format!("no setting and no section is named `{path}`{meant}")
}

fn matches(pattern: &str, path: &str) -> bool {
    pattern.split('.').count() == path.split('.').count() && is_under(pattern, path)
}

/// Returns whether a key is this one, or below this section.
pub fn is_under(key: &str, section: &str) -> bool {
    let is_match = |(part, name): (&str, &str)| part == name || (part == NAME && !name.is_empty());
    key.split('.').count() >= section.split('.').count()
        && key.split('.').zip(section.split('.')).all(is_match)
}

/// Describes an unknown key, with the nearest known one.
pub fn unknown(path: &str) -> String {
    if is_section(path) {
        return format!("`{path}` is a section, not a key; set its keys below `[{path}]`");
    }
    let last = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    let whole = nearest(path, known().iter().map(|key| key.path.as_str())).map(str::to_owned);
    let by_last_part = || {
        let lasts: Vec<(String, &str)> =
            known().iter().map(|key| (last(&key.path), key.path.as_str())).collect();
        let found = nearest(&last(path), lasts.iter().map(|(last, _)| last.as_str()))?;
        lasts.iter().find(|(last, _)| last == found).map(|(_, path)| (*path).to_owned())
    };
    match whole.or_else(by_last_part) {
        Some(known) => format!("unknown key `{path}`; did you mean `{known}`?"),
        None => format!("unknown key `{path}`; run `agent-loop config explain` for a list of keys"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_and_choice_is_described() {
        let known = known();
        assert!(known.len() > 20, "{known:?}");
        for key in known {
            assert!(!key.meaning.is_empty(), "{}", key.path);
            if let ValueKind::Choice(choices) = &key.kind {
                let is_described = |choice: &Choice| !choice.word.is_empty() && !choice.meaning.is_empty();
                assert!(choices.len() > 1 && choices.iter().all(is_described), "{key:?}");
            }
        }
    }

    #[test]
    fn a_key_has_kind_and_default() {
        let of = |path: &str| find(path).map(|key| (key.kind.clone(), key.default.as_deref())).unwrap();
        assert_eq!(of("review.max_rounds"), (ValueKind::Whole(1..=4_294_967_295), Some("10")));
        assert_eq!(of("turns.idle_seconds"), (ValueKind::Whole(0..=MOST), Some("900")));
        let seconds = ValueKind::List(Box::new(ValueKind::Whole(0..=4_294_967_295)));
        assert_eq!(of("turns.retry_backoff_seconds"), (seconds, Some("15 45")));
        assert_eq!(of("budget.usd"), (ValueKind::Dollars, Some("0")));
        assert_eq!(of("agents.claude.timeout_seconds"), (ValueKind::Whole(1..=MOST), None));
        assert_eq!(of("agents.claude.models"), (ValueKind::List(Box::new(ValueKind::Text)), None));
        assert_eq!(of("output.quiet"), (ValueKind::Switch, Some("false")));
    }

    #[test]
    fn agents_may_have_any_name() {
        assert!(find("agents.todo.cmd").is_some());
        assert!(find("agents.cmd").is_none());
        assert!(is_section("agents.todo") && is_section("gates"));
        assert!(!is_section("review.max_rounds"));
    }

    #[test]
    fn the_nearest_key_is_named() {
        assert!(unknown("review.max_round").contains("`review.max_rounds`"));
        assert!(unknown("test.command").contains("`gates.tests.command`"));
        assert!(unknown("max_rounds").contains("`review.max_rounds`"));
        assert!(unknown("review").contains("is a section"));
        assert!(unknown("frobnicate.xyzzy").contains("config explain"));
    }
}
