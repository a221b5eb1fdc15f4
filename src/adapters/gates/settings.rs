//! The settings of gates.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use crate::adapters::process::variables::Variables;
use crate::adapters::storage::folders::Folders;
use crate::domain::gate::FlakyTests;
use crate::domain::ids::GateName;

use super::score::settings::ScoreSettings;
use super::tamper::settings::TamperSettings;

/// The settings of gates.
#[derive(Debug, Clone)]
pub struct GateSettings {
    pub measured: MeasuredGates,
    pub variables: Variables,
    pub folders: Folders,
}

/// The gates that are measured on this machine.
#[derive(Debug, Clone, Default)]
pub struct MeasuredGates {
    pub commands: BTreeMap<GateName, GateCommand>,
    /// The folder that remembers the trees on which commands passed; `None`: a command always runs.
    pub passed: Option<PathBuf>,
    pub score: Option<ScoreSettings>,
    pub tamper: Option<TamperSettings>,
}

impl MeasuredGates {
    pub fn tests(&self) -> Option<&GateCommand> {
        self.commands.get(&GateName::tests())
    }

    pub fn has(&self, gate: &GateName) -> bool {
        self.names().contains(gate)
    }

    pub fn names(&self) -> BTreeSet<GateName> {
        let score = self.score.iter().map(|_| GateName::score());
        let tamper = self.tamper.iter().map(|_| GateName::tamper());
        self.commands.keys().cloned().chain(score).chain(tamper).collect()
    }
}

/// The command of a gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateCommand {
    pub command: String,
    pub deadline: Duration,
    pub flaky: FlakyTests,
}
