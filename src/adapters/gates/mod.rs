//! The gates that are measured on this machine, one row each. What a verdict means is the flow's business.

mod shell;
pub mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::adapters::process::variables::Variables;
use crate::adapters::storage::folders::Folders;
use crate::domain::ids::GateName;
use crate::ports::gates::{Gate, Gates};

use tests::TestsGate;

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

/// A gate by name, and how it is made.
struct GateRow {
    name: fn() -> GateName,
    make: fn(&GateSettings) -> Box<dyn Gate>,
}

const GATES: &[GateRow] =
    &[GateRow { name: GateName::tests, make: |settings| Box::new(TestsGate::new(settings)) }];

/// The gates of a run on this machine.
pub struct LocalGates(BTreeMap<GateName, Box<dyn Gate>>);

impl LocalGates {
    /// Makes every gate.
    pub fn new(settings: &GateSettings) -> Self {
        Self(GATES.iter().map(|row| ((row.name)(), (row.make)(settings))).collect())
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
