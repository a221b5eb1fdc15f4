//! The tips of branches in the repository, as the embedded forge shows them. Reads only.

use std::path::PathBuf;

use crate::adapters::git::mirror::refs::{self, Tip};
use crate::adapters::process::capture::capture;
use crate::adapters::process::command::CommandLine;
use crate::adapters::process::environment;
use crate::adapters::process::variables::Variables;
use crate::domain::ids::{BranchName, CommitSha};
use crate::ports::forge::ForgeError;

/// The branches of a repository.
#[derive(Debug, Clone)]
pub struct BranchTips {
    git_directory: PathBuf,
    environment: Variables,
}

impl BranchTips {
    pub fn new(git_directory: PathBuf, ours: &Variables) -> Self {
        let mut environment = environment::common(ours, &[]);
        let fixed = [("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1"), ("LC_ALL", "C")];
        environment.extend(fixed.map(|(name, value)| (name.into(), value.into())));
        Self { git_directory, environment }
    }

    pub async fn tip(&self, branch: &BranchName) -> Result<Option<CommitSha>, ForgeError> {
        match refs::tip(&self.git_directory, branch) {
            Tip::At(commit) => return Ok(Some(commit)),
            Tip::Absent => return Ok(None),
            Tip::AskGit => {}
        }
        let mut git_directory = std::ffi::OsString::from("--git-dir=");
        git_directory.push(&self.git_directory);
        let command = CommandLine::new("git", &self.git_directory, self.environment.clone())
            .argument(git_directory)
            .arguments(["rev-parse", "--verify", "--quiet"])
            .argument(format!("refs/heads/{branch}^{{commit}}"));
        let captured = capture(&command).await.map_err(|error| ForgeError::Unreachable(error.to_string()))?;
        let text = String::from_utf8_lossy(&captured.stdout);
        Ok(captured.exit.is_success().then(|| text.trim().parse().ok()).flatten())
    }
}
