//! The settings of a run that gates are made from.

use std::time::Duration;

use crate::adapters::process::variables::Variables;
use crate::adapters::storage::folders::Folders;

/// What gates are made from.
#[derive(Debug, Clone)]
pub struct GateSettings {
    /// The test command, as it was typed.
    pub test_command: Option<String>,
    pub test_deadline: Duration,
    /// The environment of this process, from which those of commands are made.
    pub variables: Variables,
    /// Where raw logs and tables of children lie.
    pub folders: Folders,
}
