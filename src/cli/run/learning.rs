//! The tests of a repository: what earlier runs found out, and what this run does.

use crate::adapters::agent_memory::Memory;
use crate::adapters::gates::settings::GateCommand;
use crate::domain::gate::{Measurement, Verdict};
use crate::domain::ids::GateName;
use crate::engine::guard::Secrets;
use crate::engine::outcome::Outcome;
use crate::text::redaction::Redactor;

/// The agent memory of a repository, and the test command of the run.
#[derive(Debug)]
pub struct Learning {
    pub memory: Memory,
    tests: Option<GateCommand>,
}

impl Learning {
    /// Drops a test command that holds a secret, because agents read the memory.
    pub fn new(memory: Memory, tests: Option<&GateCommand>, secrets: &Secrets) -> Self {
        let redactor = Redactor::new(secrets.values.clone());
        let is_public = |tests: &&GateCommand| redactor.redact(&tests.command).hits.is_empty();
        Self { memory, tests: tests.filter(is_public).cloned() }
    }

    /// Saves a test command that passed. Returns a warning if that fails.
    pub fn learn(&self, outcome: &Outcome) -> Option<String> {
        let passed = |gate: &Measurement| gate.gate == GateName::tests() && gate.verdict == Verdict::Pass;
        let tests = self.tests.as_ref().filter(|_| outcome.view.gates.iter().any(passed))?;
        let saved = self.memory.add_passed(&tests.command);
        saved.err().map(|why| format!("the agent memory was not saved: {why}"))
    }
}
