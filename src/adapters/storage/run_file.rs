//! What this machine remembers of a subject's run: flags, how to start its agents, the words of a task. A later command
//! on the subject reads it. It names commands and paths, which never leave the machine.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::domain::agent::{AgentName, Role};
use crate::domain::ids::BranchName;

use crate::adapters::files;

/// How to start an agent of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownAgent {
    pub role: Role,
    /// Its name, with an absolute path where it has one.
    pub name: AgentName,
}

/// What this machine remembers of a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunFile {
    /// Everyone who was named on the subject.
    pub agents: Vec<KnownAgent>,
    /// The flags of the latest command that gave some: settings by the dotted path of their key.
    pub flags: BTreeMap<String, toml::Value>,
    /// The words of a task, so that it can go on without them.
    pub task: Option<String>,
    /// The branch to change, if it was named.
    pub base: Option<BranchName>,
    /// Whether it was begun with all permissions. It is told when it goes on without, and allows nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub begun_dangerously: bool,
}

/// Words of a task are the longest part of it; what is longer was not written by us, in bytes.
const LONGEST: u64 = 16 << 20;

impl RunFile {
    /// What an earlier command wrote; nothing, if there was none.
    pub fn load(path: &Path) -> Result<Self, String> {
        let text = match files::read_bounded(path, LONGEST) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(format!("could not read {}: {error}", path.display())),
        };
        serde_json::from_slice(&text)
            .map_err(|error| format!("{} makes no sense: {error}; remove it", path.display()))
    }

    pub fn save(&self, path: &Path) -> Result<(), String> {
        let text = serde_json::to_vec_pretty(self)
            .map_err(|error| format!("could not write {}: {error}", path.display()))?;
        if let Some(folder) = path.parent() {
            files::make_folder(folder)?;
        }
        files::write_whole(path, &text)
    }

    /// Adds those who are not known yet under their role and label.
    pub fn learn(&mut self, others: impl IntoIterator<Item = KnownAgent>) {
        for known in others {
            let same = |one: &KnownAgent| one.role == known.role && one.name.label == known.name.label;
            if !self.agents.iter().any(same) {
                self.agents.push(known);
            }
        }
    }
}
