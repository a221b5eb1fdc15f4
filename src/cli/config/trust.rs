//! Trust in the repository's file: the keys that need it, and the versions of the file that the user has trusted.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use toml::Value;

use crate::adapters::files;
use crate::domain::agent::AgentName;
use crate::domain::digest::sha256;

use super::layer::Layer;

/// Returns whether a value sets a program, a path on this machine, or a trusted login.
fn needs_trust(path: &str, value: &Value) -> bool {
    let parts: Vec<&str> = path.split('.').collect();
    match parts.as_slice() {
        ["agents", _, "cmd" | "args" | "env" | "dir"]
        | ["agents", _, _, "args"]
        | ["turns", "allow_shared_dir" | "dangerous_permissions"]
        | ["gates", _, "command" | "setup" | "aislop_command"]
        | ["gates", "command", _, "command"]
        | ["forge", "repository" | "gh_command"]
        | ["paths" | "trust" | "redact", ..] => true,
        ["agent_memory", "dir"] => value.as_str().is_some_and(|path| Path::new(path).is_absolute()),
        ["roles", ..] => names_a_file(value),
        _ => false,
    }
}

/// Returns whether a role is assigned to a program or script by its path.
fn names_a_file(value: &Value) -> bool {
    if let Value::Array(values) = value {
        return values.iter().any(names_a_file);
    }
    value.as_str().is_some_and(|text| text.parse::<AgentName>().is_ok_and(|name| name.path().is_some()))
}

/// Returns the keys of the repository's file that need trust.
pub fn guarded(layer: &Layer) -> Vec<&str> {
    let guarded = layer.values.iter().filter(|(path, value)| needs_trust(path, value));
    guarded.map(|(path, _)| path.as_str()).collect()
}

/// The maximum size of the file with trusted versions, in bytes.
const MOST_BYTES: usize = 1024 * 1024;

/// The trusted versions of repositories' files, stored beside the user's own file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustFile {
    path: PathBuf,
    trusted: Trusted,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Trusted {
    repositories: BTreeMap<String, String>,
}

impl TrustFile {
    /// Reads the trusted versions.
    pub fn load(folder: &Path) -> Result<Self, String> {
        let path = folder.join("trusted.toml");
        let text = files::read_foreign(&path, MOST_BYTES)?;
        let text = String::from_utf8(text).map_err(|error| error.to_string());
        let trusted = text.and_then(|text| toml::from_str(&text).map_err(|error| error.to_string()));
        let trusted =
            trusted.map_err(|error| format!("{} is damaged: {error}; remove it", path.display()))?;
        Ok(Self { path, trusted })
    }

    /// Returns whether this version of a repository's file is trusted.
    pub fn trusts(&self, repository: &str, text: &str) -> bool {
        self.trusted.repositories.get(repository).is_some_and(|trusted| *trusted == sha256(text))
    }

    /// Trusts this version of a repository's file.
    pub fn trust(mut self, repository: &str, text: &str) -> Result<PathBuf, String> {
        self.trusted.repositories.insert(repository.to_owned(), sha256(text));
        let written = toml::to_string(&self.trusted)
            .map_err(|error| format!("cannot write {}: {error}", self.path.display()))?;
        if let Some(folder) = self.path.parent() {
            files::make_folder(folder)?;
        }
        files::write_whole(&self.path, written.as_bytes())?;
        Ok(self.path)
    }
}
