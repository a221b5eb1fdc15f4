//! What gates are made from.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::adapters::process::variables::Variables;
use crate::adapters::storage::folders::Folders;
use crate::domain::ids::GateName;

/// What gates are made from.
#[derive(Debug, Clone)]
pub struct GateSettings {
    /// The commands of the gates that are configured.
    pub commands: BTreeMap<GateName, GateCommand>,
    /// The environment of this process, from which those of commands are made.
    pub variables: Variables,
    /// Where raw logs and tables of children lie.
    pub folders: Folders,
}

/// The command of a gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateCommand {
    /// The command, as it was typed.
    pub command: String,
    pub deadline: Duration,
}
