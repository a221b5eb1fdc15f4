//! Settings merged from all layers, each with its source.

use std::collections::BTreeMap;

use toml::Value;

use super::exclusive;
use super::flags::IMPLEMENTATION_CODER_KEY;
use super::layer::{Layer, SettingSource, nested};
use super::settings::{Roles, Settings};

/// Settings merged from all layers.
#[derive(Debug, Clone, PartialEq)]
pub struct Configuration {
    pub settings: Settings,
    values: BTreeMap<String, (Value, SettingSource)>,
}

impl Configuration {
    /// Merges layers key by key; later layers win. Of two keys that exclude each other, the later one wins.
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

    /// Returns all values with their sources.
    pub fn values(&self) -> impl Iterator<Item = (&str, &Value, &SettingSource)> {
        self.values.iter().map(|(path, (value, source))| (path.as_str(), value, source))
    }

    /// Returns the source of a key's value.
    pub fn source(&self, path: &str) -> &SettingSource {
        self.values.get(path).map_or(&SettingSource::Default, |(_, source)| source)
    }

    /// Returns whether a flag of this command set the value.
    pub fn is_asked(&self, path: &str) -> bool {
        *self.source(path) == SettingSource::Flag
    }

    /// Returns whether any source set the value.
    pub fn is_set(&self, path: &str) -> bool {
        *self.source(path) != SettingSource::Default
    }

    /// Returns the roles that flags of this command assign.
    pub fn asked_roles(&self) -> Roles {
        let roles = &self.settings.roles;
        Roles {
            coder: roles.coder.clone().filter(|_| self.is_asked("roles.coder")),
            implementation_coder: roles
                .implementation_coder
                .clone()
                .filter(|_| self.is_asked(IMPLEMENTATION_CODER_KEY)),
            reviewers: if self.is_asked("roles.reviewers") { roles.reviewers.clone() } else { Vec::new() },
            analyzer: roles.analyzer.clone().filter(|_| self.is_asked("roles.analyzer")),
            repair: roles.repair.clone().filter(|_| self.is_asked("roles.repair")),
        }
    }
}
