//! The environment of the process, read once: variables, current folder, the program's folders.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use crate::adapters::process::variables::Variables;
use crate::cli::view::place::CommandPlace;

/// The environment of the process.
#[derive(Debug, Clone)]
pub struct Surroundings {
    pub variables: Variables,
    pub folder: PathBuf,
    pub state: PathBuf,
    /// The folder for the user's settings.
    pub configuration: PathBuf,
    /// The folder for files that can be recreated.
    pub cache: PathBuf,
    /// The repository named on the command line, for the commands in messages.
    pub place: CommandPlace,
}

impl Surroundings {
    /// Reads the environment.
    #[expect(
        clippy::disallowed_methods,
        reason = "cli is the owner of these doors, and this is the one place"
    )]
    pub fn read() -> Result<Self, String> {
        let variables: Variables = std::env::vars_os().collect();
        let folder =
            std::env::current_dir().map_err(|error| format!("cannot find the current folder: {error}"))?;
        let strategy = etcetera::choose_base_strategy()
            .map_err(|error| format!("cannot find the home folder: {error}; set HOME"))?;
        let state = strategy.state_dir().unwrap_or_else(|| strategy.data_dir()).join("agent-loop");
        let configuration = strategy.config_dir().join("agent-loop");
        let cache = strategy.cache_dir().join("agent-loop");
        Ok(Self { variables, folder, state, configuration, cache, place: CommandPlace::default() })
    }

    /// Returns the folder of a command: the one given with `-C`, or the current one.
    pub fn folder_or(&self, named: Option<&Path>) -> PathBuf {
        named.map_or_else(|| self.folder.clone(), |named| self.folder.join(named))
    }
}
