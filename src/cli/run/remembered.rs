//! The flags of earlier commands that this machine stores for each subject, and the agents of the last run in the repository.

use std::path::PathBuf;

use crate::adapters::storage::folders::Folders;
use crate::adapters::storage::run_file::{KnownAgent, RunFile, StartCommand};
use crate::cli::config::exclusive;
use crate::cli::config::flags::{DANGEROUS_KEY, EXECUTION_MODE_KEY, SPLIT_ISSUES_KEY};
use crate::cli::config::layer::{Layer, SettingSource};
use crate::domain::flow_name::FlowName;
use crate::domain::ids::{BranchName, PullRequestNumber};
use crate::domain::subject::Subject;

use super::goal::Trigger;

/// Settings that the run's records hold: only `resume` repeats the flags of the command that started the run.
const OF_THE_RUN: &[&str] = &[
    "roles.coder",
    "roles.implementation_coder",
    "roles.reviewers",
    "roles.analyzer",
    "discuss.debate_rounds",
    "discuss.research",
    "discuss.on_debater_failure",
    SPLIT_ISSUES_KEY,
    "planning.first",
    EXECUTION_MODE_KEY,
    "planning.split_stage",
    "review.max_rounds",
    "review.on_reviewer_failure",
    "review.auto_merge",
    "review.approved_followups",
    "gates.tests.before_review",
];

/// Settings of a single command.
const OF_THE_COMMAND: &[&str] = &[
    // This flag is required each time; it is stored only for a warning.
    DANGEROUS_KEY,
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

    /// Returns the flags of a command. `resume` repeats those of the command that started the run.
    pub fn repeated(&self, trigger: Trigger, flow: &FlowName, flags: Layer) -> Layer {
        match (trigger, &self.own.command) {
            (Trigger::Resumption, Some(command)) if command.flow == *flow => {
                let values = command.flags.clone().into_iter().chain(flags.values).collect();
                Layer { values, ..flags }
            }
            (Trigger::Resumption | Trigger::Command, _) => flags,
        }
    }

    /// Adds the agents and flags of this command, and returns the file to store.
    pub fn with(
        mut self,
        agents: Vec<KnownAgent>,
        command: StartCommand,
        task: Option<String>,
        base: Option<BranchName>,
    ) -> RunFile {
        let mut file = RunFile { agents, ..RunFile::default() };
        file.learn(std::mem::take(&mut self.own.agents));
        let StartCommand { flow, flags } = command;
        let mut flags: Vec<_> =
            flags.into_iter().filter(|(key, _)| !OF_THE_COMMAND.contains(&key.as_str())).collect();
        let of_the_run = flags.extract_if(.., |(key, _)| OF_THE_RUN.contains(&key.as_str())).collect();
        file.command = Some(StartCommand { flow, flags: of_the_run });
        file.flags = self.own.flags;
        for (key, value) in &flags {
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
    let mut last = RunFile { agents: file.agents.clone(), ..RunFile::default() };
    last.learn(RunFile::load(&last_file(folders))?.agents);
    last.save(&last_file(folders))
}

/// Stores the settings of a run for a pull request that it has opened or continues with.
pub fn keep_for_pull_request(
    file: &RunFile,
    folders: &Folders,
    number: PullRequestNumber,
) -> Result<(), String> {
    let file = RunFile { task: None, base: None, command: None, after_debate: Vec::new(), ..file.clone() };
    file.save(&folders.run_file(&Subject::PullRequest(number)))
}

fn last_file(folders: &Folders) -> PathBuf {
    folders.root().join("last-run.json")
}
