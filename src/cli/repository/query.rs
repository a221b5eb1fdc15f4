//! Questions to the user's git about a folder.

use std::collections::HashMap;
use std::path::Path;

use crate::adapters::git::{GitVersion, MINIMUM_VERSION};
use crate::adapters::process::capture::{CaptureError, Captured, capture};
use crate::adapters::process::command::CommandLine;
use crate::adapters::process::environment;
use crate::adapters::process::variables::Variables;
use crate::domain::ending::Refused;
use crate::engine::outcome::RunError;

/// The settings of the user's git by name, in lower case.
pub(super) struct UserSettings(HashMap<String, String>);

impl UserSettings {
    const NAMES: &str = r"^(remote\.origin\.url|user\.name|user\.email|core\.sshcommand)$";

    /// Reads all settings in one spawn; of several values git uses the last.
    pub(super) async fn read(git: &GitQuery<'_>) -> Result<Self, RunError> {
        let text = git.ask(&["config", "--null", "--get-regexp", Self::NAMES]).await?.unwrap_or_default();
        let entries = text.split_terminator('\0').filter_map(|entry| entry.split_once('\n'));
        let entries = entries.filter(|(_, value)| !value.is_empty());
        Ok(Self(entries.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()))
    }

    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }
}

/// The user's git in a folder, asked without changing anything.
pub(super) struct GitQuery<'folder> {
    pub(super) folder: &'folder Path,
    pub(super) variables: &'folder Variables,
}

impl GitQuery<'_> {
    pub(super) async fn run(&self, arguments: &[&str]) -> Result<Captured, RunError> {
        let variables = environment::common(self.variables, &["XDG_CONFIG_HOME".to_owned()]);
        let command = CommandLine::new("git", self.folder, variables)
            .variable("LC_ALL", "C")
            .variable("GIT_OPTIONAL_LOCKS", "0")
            .arguments(["-c", "core.fsmonitor=false"])
            .arguments(arguments);
        let hint = format!("is git installed? If not, install git {MINIMUM_VERSION} or later");
        let no_git = |error: CaptureError| unsupported(error.hinting(&hint));
        capture(&command).await.map_err(no_git)
    }

    /// Returns the output of git without the last line feed; `None` if git fails.
    pub(super) async fn ask(&self, arguments: &[&str]) -> Result<Option<String>, RunError> {
        let captured = self.run(arguments).await?;
        let text = String::from_utf8_lossy(&captured.stdout).trim_end_matches('\n').to_owned();
        Ok(captured.exit.is_success().then_some(text).filter(|text| !text.is_empty()))
    }

    pub(super) async fn refuse_old(&self) -> Result<(), RunError> {
        let captured = self.run(&["version"]).await?;
        let said = String::from_utf8_lossy(&captured.stdout);
        match GitVersion::parse(said.trim()) {
            Some(version) if version >= MINIMUM_VERSION => Ok(()),
            Some(version) => Err(unsupported(format!(
                "git {version} is too old: install git {MINIMUM_VERSION} or later, which can merge without a checkout"
            ))),
            None => {
                let said = format!("{said}{}", captured.stderr);
                Err(unsupported(format!(
                    "`git version` printed no version, but `{}`; is that git?",
                    said.trim()
                )))
            }
        }
    }
}

fn unsupported(message: String) -> RunError {
    RunError::refused(Refused::Unsupported, message)
}
