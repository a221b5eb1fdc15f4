//! The flags of earlier commands that this machine stores, for each subject and for the last run in the repository.

use std::collections::BTreeMap;
use std::path::PathBuf;

use toml::Value;

use crate::adapters::storage::folders::Folders;
use crate::adapters::storage::run_file::{KnownAgent, RunFile};
use crate::cli::config::exclusive;
use crate::cli::config::layer::{Layer, SettingSource};
use crate::domain::ids::{BranchName, PullRequestNumber};
use crate::domain::subject::Subject;

/// Settings that are not remembered, because the run's record holds them or because they are about one command.
const NOT_REMEMBERED: &[&str] = &[
    "roles.coder",
    "roles.implementation_coder",
    "roles.reviewers",
    "roles.analyzer",
    "discuss.debate_rounds",
    "discuss.research",
    "discuss.on_debater_failure",
    "planning.first",
    "planning.execution_mode",
    "planning.split_stage",
    "review.max_rounds",
    "review.on_reviewer_failure",
    "review.auto_merge",
    "review.approved_followups",
    "gates.tests.before_review",
    // This flag is required each time; it is stored only for a warning.
    "turns.dangerous_permissions",
    "output.quiet",
    "output.progress_interval_seconds",
];

/// The stored flags for a subject and of the last run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Remembered {
    /// The agents and flags of earlier commands on the subject.
    pub own: RunFile,
    /// The agents and flags of the last command in the repository.
    pub last: RunFile,
}

impl Remembered {
    /// Reads the files of earlier commands.
    pub fn load(folders: &Folders, subject: &Subject) -> Result<Self, String> {
        Ok(Self {
            own: RunFile::load(&folders.run_file(subject))?,
            last: RunFile::load(&last_file(folders))?,
        })
    }

    /// Returns the flags of earlier commands on the subject, as settings.
    pub fn layer(&self) -> Result<Layer, String> {
        let values = self.own.flags.clone().into_iter().collect();
        let layer = Layer { source: SettingSource::Remembered, values };
        layer.check().map(|()| layer)
    }

    /// Returns the test command of the last run in the repository.
    pub fn last_test_command(&self) -> Option<String> {
        self.last.flags.get("gates.tests.command").and_then(Value::as_str).map(str::to_owned)
    }

    /// Adds the agents and flags of this command, and returns the file to store.
    pub fn with(
        mut self,
        agents: Vec<KnownAgent>,
        flags: &BTreeMap<String, Value>,
        task: Option<String>,
        base: Option<BranchName>,
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
        file.task = task.or(self.own.task);
        file.base = base.or(self.own.base);
        file
    }
}

/// Stores a file for the subject, and for the repository.
pub fn keep(file: &RunFile, folders: &Folders, subject: &Subject) -> Result<(), String> {
    file.save(&folders.run_file(subject))?;
    let mut last = RunFile { task: None, base: None, begun_dangerously: false, ..file.clone() };
    last.learn(RunFile::load(&last_file(folders))?.agents);
    last.save(&last_file(folders))
}

/// Stores the settings of a run for its pull request too.
pub fn keep_for_pull_request(
    file: &RunFile,
    folders: &Folders,
    number: PullRequestNumber,
) -> Result<(), String> {
    let file = RunFile { task: None, base: None, ..file.clone() };
    keep(&file, folders, &Subject::PullRequest(number))
}

fn last_file(folders: &Folders) -> PathBuf {
    folders.root().join("last-run.json")
}
