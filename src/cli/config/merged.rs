//! The settings that count, merged from all layers, each with its source.

use std::collections::BTreeMap;

use toml::Value;

use super::exclusive;
use super::layer::{Layer, Source, nested};
use super::settings::{Roles, Settings};

/// The settings that count.
#[derive(Debug, Clone, PartialEq)]
pub struct Configuration {
    pub settings: Settings,
    values: BTreeMap<String, (Value, Source)>,
}

impl Configuration {
    /// Merges layers; later ones win, key by key. Of keys that exclude each other the one that was said later counts.
    ///
    /// # Errors
    /// When the values don't fit together; each layer was checked on its own before.
    pub fn merge(layers: impl IntoIterator<Item = Layer>) -> Result<Self, String> {
        let mut values = BTreeMap::new();
        for layer in layers {
            for (path, value) in layer.values {
                if let Some(other) = exclusive::replaced(&path, &value) {
                    values.remove(&other);
                }
                values.insert(path, (value, layer.source.clone()));
            }
        }
        let bare = values.iter().map(|(path, (value, _))| (path.clone(), value.clone())).collect();
        let settings = nested(&bare).try_into().map_err(|error| format!("the settings: {error}"))?;
        Ok(Self { settings, values })
    }

    /// Every value that is set, with its source.
    pub fn values(&self) -> impl Iterator<Item = (&str, &Value, &Source)> {
        self.values.iter().map(|(path, (value, source))| (path.as_str(), value, source))
    }

    /// Where a key's value comes from.
    pub fn source(&self, path: &str) -> &Source {
        self.values.get(path).map_or(&Source::Default, |(_, source)| source)
    }

    /// The value, if a flag of this command said it.
    pub fn asked<T>(&self, path: &str, value: T) -> Option<T> {
        match self.source(path) {
            Source::Flag => Some(value),
            Source::Default
            | Source::Repository { .. }
            | Source::User(_)
            | Source::Variable
            | Source::Remembered => None,
        }
    }

    /// The roles that flags of this command fill.
    pub fn asked_roles(&self) -> Roles {
        let roles = &self.settings.roles;
        Roles {
            coder: self.asked("roles.coder", roles.coder.clone()).flatten(),
            reviewers: self.asked("roles.reviewers", roles.reviewers.clone()).unwrap_or_default(),
            repair: self.asked("roles.repair", roles.repair.clone()).flatten(),
        }
    }

    /// The value, if somebody said it.
    pub fn said<T>(&self, path: &str, value: T) -> Option<T> {
        match self.source(path) {
            Source::Default => None,
            Source::Flag
            | Source::Repository { .. }
            | Source::User(_)
            | Source::Variable
            | Source::Remembered => Some(value),
        }
    }
}
