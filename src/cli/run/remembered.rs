//! What this machine remembers between commands: by subject, and of the last run in the repository.

use std::collections::BTreeMap;
use std::path::PathBuf;

use toml::Value;

use crate::adapters::storage::folders::Folders;
use crate::adapters::storage::run_file::{KnownAgent, RunFile};
use crate::cli::config::exclusive;
use crate::cli::config::layer::{Layer, Source};
use crate::domain::ids::BranchName;
use crate::domain::subject::Subject;

/// Settings that the record of the run holds, or that are about one command only: they are not remembered here.
const NOT_REMEMBERED: &[&str] = &[
    "roles.coder",
    "roles.reviewers",
    "review.max_rounds",
    "review.on_reviewer_failure",
    "review.auto_merge",
    "review.approved_followups",
    "gates.tests.before_review",
    // Whoever wants it says so each time; that it was said is remembered as a fact of its own.
    "turns.dangerous_permissions",
    "output.quiet",
    "output.progress_interval_seconds",
];

/// What this machine remembers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Remembered {
    own: RunFile,
    last: RunFile,
}

impl Remembered {
    /// Reads what earlier commands left.
    ///
    /// # Errors
    /// When a file can't be read or makes no sense.
    pub fn load(folders: &Folders, subject: &Subject) -> Result<Self, String> {
        Ok(Self {
            own: RunFile::load(&folders.run_file(subject))?,
            last: RunFile::load(&last_file(folders))?,
        })
    }

    /// The flags of earlier commands on the subject, as settings.
    ///
    /// # Errors
    /// When they no longer make sense.
    pub fn layer(&self) -> Result<Layer, String> {
        let values = self.own.flags.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        let layer = Layer { source: Source::Remembered, values };
        layer.check().map(|()| layer)
    }

    /// Whether the run was begun with all permissions.
    pub fn begun_dangerously(&self) -> bool {
        self.own.begun_dangerously
    }

    /// Everyone who was named on the subject before.
    pub fn own_agents(&self) -> &[KnownAgent] {
        &self.own.agents
    }

    /// Everyone who was named in the repository before.
    pub fn last_agents(&self) -> &[KnownAgent] {
        &self.last.agents
    }

    /// The test command of the last run in the repository.
    pub fn last_test_command(&self) -> Option<String> {
        self.last.flags.get("gates.tests.command").and_then(Value::as_str).map(str::to_owned)
    }

    /// What is to be kept: with what this command says.
    pub fn with(
        mut self,
        agents: Vec<KnownAgent>,
        flags: &BTreeMap<String, Value>,
        words: (Option<String>, Option<BranchName>),
    ) -> RunFile {
        let mut file = RunFile { agents, ..RunFile::default() };
        file.learn(std::mem::take(&mut self.own.agents));
        let kept = flags.iter().filter(|(key, _)| !NOT_REMEMBERED.contains(&key.as_str()));
        file.flags = self.own.flags;
        for (key, value) in kept {
            if let Some(other) = exclusive::replaced(key, value) {
                file.flags.remove(&other);
            }
            file.flags.insert(key.clone(), value.clone());
        }
        file.task = words.0.or(self.own.task);
        file.base = words.1.or(self.own.base);
        file
    }
}

/// Keeps it for the subject, and for the repository.
///
/// # Errors
/// When the disk says no.
pub fn keep(file: &RunFile, folders: &Folders, subject: &Subject) -> Result<(), String> {
    file.save(&folders.run_file(subject))?;
    let mut last = RunFile { task: None, base: None, begun_dangerously: false, ..file.clone() };
    last.learn(RunFile::load(&last_file(folders))?.agents);
    last.save(&last_file(folders))
}

fn last_file(folders: &Folders) -> PathBuf {
    folders.root().join("last-run.json")
}
