//! What the process was started with, read once: variables, folder, the program's folders. Everything else gets it as a value.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use crate::adapters::process::variables::Variables;

/// What the process was started with.
#[derive(Debug, Clone)]
pub struct Surroundings {
    pub variables: Variables,
    pub folder: PathBuf,
    /// The state folder of the program.
    pub state: PathBuf,
    /// The configuration folder of the program.
    pub configuration: PathBuf,
    /// The cache folder of the program: what can be made anew.
    pub cache: PathBuf,
}

impl Surroundings {
    /// Reads what the process was started with.
    ///
    /// # Errors
    /// When the current folder or the home folder can't be found.
    #[expect(
        clippy::disallowed_methods,
        reason = "cli is the owner of these doors, and this is the one place"
    )]
    pub fn read() -> Result<Self, String> {
        let variables: Variables = std::env::vars_os().collect();
        let folder =
            std::env::current_dir().map_err(|error| format!("the current folder can't be found: {error}"))?;
        let strategy = etcetera::choose_base_strategy()
            .map_err(|error| format!("the home folder can't be found: {error}; set HOME"))?;
        let state = strategy.state_dir().unwrap_or_else(|| strategy.data_dir()).join("agent-loop");
        let configuration = strategy.config_dir().join("agent-loop");
        let cache = strategy.cache_dir().join("agent-loop");
        Ok(Self { variables, folder, state, configuration, cache })
    }

    /// The folder that a command is about: the current one, or the one that was named with `-C`.
    pub fn folder_or(&self, named: Option<&Path>) -> PathBuf {
        named.map_or_else(|| self.folder.clone(), |named| self.folder.join(named))
    }
}
