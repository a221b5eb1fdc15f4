//! The run file of a subject: flags, the commands of its agents, the text of a task, for later commands on the subject. Its
//! commands and paths never leave the machine.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::domain::agent::{AgentName, Role};
use crate::domain::flow_name::FlowName;
use crate::domain::ids::{BranchName, IssueNumber};
use crate::domain::shell::quoted;

use crate::adapters::files;
use crate::domain::roster::SeatKey;

/// An agent of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownAgent {
    pub role: Role,
    /// The name. A path in it is absolute.
    pub name: AgentName,
}

impl KnownAgent {
    /// Returns the seat of the agent.
    pub fn seat(&self) -> SeatKey {
        SeatKey::new(self.role, &self.name.label)
    }
}

/// A command that starts a run, with the flags that the run's first record holds: until it is published, only this machine has them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartCommand {
    pub flow: FlowName,
    pub flags: BTreeMap<String, toml::Value>,
}

/// The local settings of a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunFile {
    /// All agents of commands on the subject.
    pub agents: Vec<KnownAgent>,
    /// The flags of the latest command with flags: settings by the dotted path of their key.
    pub flags: BTreeMap<String, toml::Value>,
    /// The text of a task, so that `resume` does not need it.
    pub task: Option<String>,
    /// The branch to change, if a command named it.
    pub base: Option<BranchName>,
    /// The folder of the logs of all repositories, if the run moved them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logs: Option<PathBuf>,
    /// The latest command that started a run, for `resume`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<StartCommand>,
    /// The agents that the change after a debate must be given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after_debate: Vec<KnownAgent>,
    /// Whether the run started with all permissions. This leads to a message when it resumes without, and allows nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub begun_dangerously: bool,
}

/// The maximum size in bytes. The text of a task is the longest part.
const LONGEST: u64 = 16 << 20;

impl RunFile {
    /// Loads the file; empty settings if it does not exist.
    pub fn load(path: &Path) -> Result<Self, String> {
        let text = match files::read_bounded(path, LONGEST) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(format!("could not read {}: {error}", path.display())),
        };
        serde_json::from_slice(&text)
            .map_err(|error| format!("{} is damaged: {error}; remove it", path.display()))
    }

    pub fn save(&self, path: &Path) -> Result<(), String> {
        let text = serde_json::to_vec_pretty(self)
            .map_err(|error| format!("could not write {}: {error}", path.display()))?;
        if let Some(folder) = path.parent() {
            files::make_folder(folder)?;
        }
        files::write_whole(path, &text)
    }

    /// Returns the command that makes a change after a debate, with the agents that it must be given.
    pub fn change_command(&self, issue: IssueNumber) -> String {
        let command = format!("agent-loop issue {issue}");
        self.after_debate.iter().fold(command, |command, KnownAgent { role, name }| {
            format!("{command} --{role} {}", quoted(&name.to_string()))
        })
    }

    /// Adds agents whose role and label are not known yet.
    pub fn learn(&mut self, others: impl IntoIterator<Item = KnownAgent>) {
        for known in others {
            let same = |one: &KnownAgent| one.role == known.role && one.name.label == known.name.label;
            if !self.agents.iter().any(same) {
                self.agents.push(known);
            }
        }
    }
}
