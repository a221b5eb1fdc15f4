//! Layers of settings, one for each source: a file, the environment, flags. Errors in a layer name its source.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::adapters::process::variables::Variables;
use crate::domain::agent::AgentName;

use super::aliases;
use super::exclusive;
use super::keys::{self, KnownKey, ValueKind};
use super::settings::Settings;

/// The prefix of environment variables with settings.
pub const PREFIX: &str = "AGENT_LOOP_CONFIG__";

/// The source of a value, from the weakest to the strongest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingSource {
    Default,
    Repository {
        branch: String,
    },
    User(PathBuf),
    Variable,
    /// A flag of an earlier command on the same subject.
    Remembered,
    Flag,
}

impl fmt::Display for SettingSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::Repository { branch } => write!(formatter, "agent-loop.toml on {branch}"),
            Self::User(path) => write!(formatter, "{}", path.display()),
            Self::Variable => formatter.write_str("environment"),
            Self::Remembered => formatter.write_str("an earlier command on this subject"),
            Self::Flag => formatter.write_str("command line"),
        }
    }
}

/// The settings of one source: values by the dotted path of their key.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    pub source: SettingSource,
    pub values: BTreeMap<String, Value>,
}

impl Layer {
    /// Returns the layer of defaults.
    pub fn defaults() -> Self {
        let mut values = flat(&Table::try_from(Settings::default()).unwrap_or_default());
        values.retain(|_, value| !value.is_table() && !value.as_array().is_some_and(Vec::is_empty));
        Self { source: SettingSource::Default, values }
    }

    /// Reads a file. Relative paths in it are relative to its folder.
    pub fn from_text(text: &str, source: SettingSource, folder: &Path) -> Result<Self, String> {
        let wrong = |why: String| format!("{source}: {why}");
        let table: Table = text.parse().map_err(|error| wrong(format!("{error}")))?;
        let mut values = flat(&table);
        let unknown: Vec<String> = values
            .iter()
            .filter(|(path, value)| !is_known(path, value))
            .map(|(path, _)| keys::unknown(path))
            .collect();
        if !unknown.is_empty() {
            return Err(wrong(unknown.join("\n  ")));
        }
        toml::from_str::<Settings>(text).map_err(|error| wrong(error.to_string().trim_end().to_owned()))?;
        values.retain(|_, value| !value.is_table());
        Self { source, values }.resolved()?.anchored(folder)
    }

    /// Reads settings from environment variables. Relative paths in them are relative to the current folder.
    pub fn from_variables(variables: &Variables, folder: &Path) -> Result<Self, String> {
        let mut values = BTreeMap::new();
        for (name, value) in variables {
            let Some(path) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) else {
                continue;
            };
            let path = path.to_lowercase().replace("__", ".");
            let wrong = |why: String| format!("variable {}: {why}", name.to_string_lossy());
            let key = keys::find(&path).ok_or_else(|| wrong(keys::unknown(&path)))?;
            let text = value.to_str().ok_or_else(|| wrong("its value is not UTF-8".to_owned()))?;
            values.insert(path, variable_value(key, text).map_err(wrong)?);
        }
        let layer = Self { source: SettingSource::Variable, values };
        layer.check()?;
        layer.resolved()?.anchored(folder)
    }

    /// Creates a layer from the flags of this command or of an earlier one.
    pub fn from_values(
        values: impl IntoIterator<Item = (String, Value)>,
        source: SettingSource,
        folder: &Path,
    ) -> Result<Self, String> {
        let layer = Self { source, values: values.into_iter().collect() };
        layer.check()?;
        layer.resolved()?.anchored(folder)
    }

    /// Checks the types of the values.
    pub fn check(&self) -> Result<(), String> {
        let settings: Result<Settings, _> = nested(&self.values).try_into();
        settings.map(|_| ()).map_err(|error| format!("{}: {}", self.source, error.to_string().trim_end()))
    }

    /// Resolves aliases, and rejects keys that exclude each other.
    fn resolved(mut self) -> Result<Self, String> {
        self.values = aliases::resolved(&self.values).map_err(|(alias, name)| {
            let (alias, name) = (self.written(&alias), self.written(&name));
            format!("{}: `{alias}` and `{name}` are the same agent; use only one of the names", self.source)
        })?;
        match exclusive::conflict(&self.values) {
            None => Ok(self),
            Some((one, other)) => {
                let (one, other) = (self.written(&one), self.written(&other));
                Err(format!(
                    "{}: `{one}` and `{other}` exclude each other; set only one of them",
                    self.source
                ))
            }
        }
    }

    /// Returns a key in the spelling of this source.
    fn written(&self, path: &str) -> String {
        if self.source == SettingSource::Variable {
            format!("{PREFIX}{}", path.to_uppercase().replace('.', "__"))
        } else {
            path.to_owned()
        }
    }

    /// Makes paths absolute.
    fn anchored(mut self, folder: &Path) -> Result<Self, String> {
        for (path, value) in &mut self.values {
            anchor(path, value, folder).map_err(|why| format!("{}: {path}: {why}", self.source))?;
        }
        Ok(self)
    }
}

fn is_known(path: &str, value: &Value) -> bool {
    if value.is_table() { keys::is_section(path) } else { keys::find(path).is_some() }
}

fn variable_value(key: &KnownKey, text: &str) -> Result<Value, String> {
    match key.kind {
        ValueKind::Text | ValueKind::Choice(_) => Ok(Value::String(text.to_owned())),
        ValueKind::Switch | ValueKind::Whole(_) | ValueKind::Dollars | ValueKind::List(_) => {
            format!("value = {text}")
                .parse::<Table>()
                .ok()
                .and_then(|mut table| table.remove("value"))
                .ok_or_else(|| {
                    format!(
                        "`{text}` is not a value for `{}`; write it as in TOML: 5, true, [\"a\", \"b\"]",
                        key.path
                    )
                })
        }
    }
}

/// Flattens tables to values by dotted path. Empty tables remain, so that unknown sections are noticed.
pub fn flat(table: &Table) -> BTreeMap<String, Value> {
    let mut values = BTreeMap::new();
    flatten(table, "", &mut values);
    values
}

fn flatten(table: &Table, path: &str, values: &mut BTreeMap<String, Value>) {
    for (name, value) in table {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        if let Value::Table(inner) = value
            && !inner.is_empty()
        {
            flatten(inner, &path, values);
        } else {
            values.insert(path, value.clone());
        }
    }
}

/// Turns values by dotted path back into tables.
pub fn nested(values: &BTreeMap<String, Value>) -> Table {
    let mut root = Table::new();
    for (path, value) in values {
        insert(&mut root, path, value.clone());
    }
    root
}

fn insert(table: &mut Table, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            table.insert(path.to_owned(), value);
        }
        Some((name, rest)) => {
            let inner = table.entry(name).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}

fn anchor(path: &str, value: &mut Value, folder: &Path) -> Result<(), String> {
    let parts: Vec<&str> = path.split('.').collect();
    match (parts.as_slice(), value) {
        (["agents", _, "cmd"], Value::String(text)) if text.contains('/') => {
            *text = absolute(folder, text)?;
        }
        (["agents", _, "dir"] | ["paths", _], Value::String(text)) => *text = absolute(folder, text)?,
        (["roles", "coder" | "implementation_coder" | "analyzer" | "repair"], Value::String(text)) => {
            *text = absolute_agent(folder, text)?;
        }
        (["roles", "reviewers"], Value::Array(names)) => {
            for name in names {
                if let Value::String(text) = name {
                    *text = absolute_agent(folder, text)?;
                }
            }
        }
        (_, _) => {}
    }
    Ok(())
}

fn absolute(folder: &Path, text: &str) -> Result<String, String> {
    let path = folder.join(text);
    path.to_str()
        .map(str::to_owned)
        .ok_or_else(|| format!("the path {} is not UTF-8; rename it or link to it", path.display()))
}

fn absolute_agent(folder: &Path, text: &str) -> Result<String, String> {
    let mut name: AgentName = text.parse().map_err(|error| format!("{error}"))?;
    if let Some(path) = name.path() {
        name.detail = Some(absolute(folder, path)?);
    }
    Ok(name.to_string())
}
