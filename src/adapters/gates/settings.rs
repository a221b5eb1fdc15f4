//! The settings of gates.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::adapters::process::variables::Variables;
use crate::adapters::storage::folders::Folders;
use crate::domain::ids::GateName;

/// The settings of gates.
#[derive(Debug, Clone)]
pub struct GateSettings {
    pub commands: BTreeMap<GateName, GateCommand>,
    pub variables: Variables,
    pub folders: Folders,
}

/// The command of a gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateCommand {
    pub command: String,
    pub deadline: Duration,
}
