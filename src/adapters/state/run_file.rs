//! The local settings of a subject's run: commands and paths, which never leave the machine. Read by a later command.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::domain::agent::{AgentName, Role};

use super::files;

/// How to start an agent of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownAgent {
    /// In which role.
    pub role: Role,
    /// Its name, with an absolute path where it has one.
    pub name: AgentName,
}

/// The local settings of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunFile {
    /// The agents.
    pub agents: Vec<KnownAgent>,
    /// The test command.
    pub test_command: Option<String>,
    /// The words of a task, so that it can be named without them.
    pub task: Option<String>,
}

impl RunFile {
    /// What an earlier command wrote; nothing, if there was none.
    ///
    /// # Errors
    /// When the file can't be read or makes no sense; the text names it.
    pub fn load(path: &Path) -> Result<Self, String> {
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(format!("could not read {}: {error}", path.display())),
        };
        serde_json::from_slice(&text)
            .map_err(|error| format!("{} makes no sense: {error}; remove it", path.display()))
    }

    /// Keeps the settings for later commands.
    ///
    /// # Errors
    /// When the disk says no; the text names the path.
    pub fn save(&self, path: &Path) -> Result<(), String> {
        let text = serde_json::to_vec_pretty(self)
            .map_err(|error| format!("could not write {}: {error}", path.display()))?;
        if let Some(folder) = path.parent() {
            files::make_folder(folder)?;
        }
        files::write_whole(path, &text)
    }
}
