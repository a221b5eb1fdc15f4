//! The table of gates that run on this machine. The flow decides what follows from a verdict.

pub mod command;
mod newest;
mod passed;
mod programs;
mod rerun;
pub mod score;
mod scratch;
pub mod settings;
mod setup;
mod shell;
pub mod tamper;
mod tree_change;

use std::collections::BTreeMap;
use std::fmt;

use crate::domain::ids::GateName;
use crate::ports::gates::{Gate, Gates};

use rerun::CommandGate;
use score::ScoreGate;
use settings::GateSettings;
use setup::SetupCommand;
use tamper::TamperGate;

/// A gate with its constructor.
pub struct GateRow {
    pub name: fn() -> GateName,
    /// The setting that makes a run require the gate.
    pub setting: &'static str,
    make: fn(&GateSettings) -> Option<Box<dyn Gate>>,
}

pub const GATES: &[GateRow] = &[
    GateRow { name: GateName::tamper, setting: "gates.tamper.strictest", make: TamperGate::make },
    GateRow { name: GateName::tests, setting: "gates.tests.command", make: CommandGate::tests },
    GateRow { name: GateName::score, setting: "gates.score.mode", make: ScoreGate::make },
];

/// The gates of a run on this machine.
pub struct LocalGates(BTreeMap<GateName, Box<dyn Gate>>);

impl LocalGates {
    pub fn new(settings: &GateSettings) -> Self {
        let commands = settings.measured.commands.iter();
        let commands = commands.map(|(name, command)| (name.clone(), CommandGate::of(command, settings)));
        let rows = GATES.iter().filter_map(|row| Some(((row.name)(), (row.make)(settings)?)));
        let setup = SetupCommand::make(settings).map(|setup| (GateName::setup(), setup));
        Self(commands.chain(rows).chain(setup).collect())
    }
}

impl Gates for LocalGates {
    fn gate(&self, name: &GateName) -> Option<&dyn Gate> {
        self.0.get(name).map(|gate| &**gate)
    }
}

impl fmt::Debug for LocalGates {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}
