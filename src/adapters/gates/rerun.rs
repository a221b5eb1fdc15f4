//! The command of a gate, which is not run again on files on which it passed, and runs a second time when it fails: a command
//! that fails and then passes on the same files is flaky.

use std::path::PathBuf;

use async_trait::async_trait;

use crate::domain::gate::{FlakyTests, Verdict};
use crate::domain::ids::{GateName, TreeSha};
use crate::ports::cancellation::Cancellation;
use crate::ports::gates::{Gate, GateOrder, GateReport};

use super::command::CommandRunner;
use super::passed::PassedTrees;
use super::settings::{GateCommand, GateSettings};

/// A gate that passes when its command succeeds.
#[derive(Debug)]
pub(super) struct CommandGate {
    runner: CommandRunner,
    flaky: FlakyTests,
    passed: Option<PassedTrees>,
}

impl CommandGate {
    pub(super) fn tests(settings: &GateSettings) -> Option<Box<dyn Gate>> {
        Some(Self::of(settings.measured.tests()?, settings))
    }

    pub(super) fn of(command: &GateCommand, settings: &GateSettings) -> Box<dyn Gate> {
        let GateSettings { measured, variables, .. } = settings;
        let setup = measured.commands.get(&GateName::setup());
        let passed = measured.passed.as_ref();
        Box::new(Self {
            runner: CommandRunner::of(command.clone(), settings),
            flaky: command.flaky,
            passed: passed.map(|cache| PassedTrees::new(cache, command, setup, variables)),
        })
    }
}

#[async_trait]
impl Gate for CommandGate {
    fn known(&self, tree: &TreeSha) -> Option<GateReport> {
        self.passed.as_ref().filter(|passed| passed.has(tree))?;
        let detail = "not run again: passed before on the same files".to_owned();
        Some(GateReport::measured(Verdict::Pass, detail, Vec::new(), None))
    }

    async fn measure(&self, order: &GateOrder, cancellation: Cancellation) -> GateReport {
        let first = self.runner.measure(order, cancellation.clone()).await;
        match verdict(&first) {
            Some(Verdict::Fail) => {}
            Some(Verdict::Pass) => {
                if let (Some(passed), Some(tree)) = (&self.passed, &order.tree) {
                    passed.add(tree);
                }
                return first;
            }
            Some(Verdict::Inconclusive) | None => return first,
        }
        let again = GateOrder { attempt: format!("{}-again", order.attempt), ..order.clone() };
        let second = self.runner.measure(&again, cancellation).await;
        match verdict(&second) {
            None => GateReport::Cancelled,
            Some(repetition) => repeated(first, repetition, self.flaky),
        }
    }

    fn log(&self, order: &GateOrder) -> Option<PathBuf> {
        self.runner.log(order)
    }
}

fn verdict(report: &GateReport) -> Option<Verdict> {
    match report {
        GateReport::Measured { verdict, .. } => Some(*verdict),
        GateReport::Cancelled => None,
    }
}

/// Returns the report of a failed run that was repeated: if the repetition passed, the tests are flaky.
fn repeated(first: GateReport, repetition: Verdict, tests: FlakyTests) -> GateReport {
    match first {
        GateReport::Cancelled => GateReport::Cancelled,
        GateReport::Measured { verdict, detail, findings, log, remedy, repetition: _ } => {
            let (verdict, detail) = match (repetition, tests) {
                (Verdict::Pass, FlakyTests::Fail) => (Verdict::Fail, flaky(&detail)),
                (Verdict::Pass, FlakyTests::Allow) => (Verdict::Pass, flaky(&detail)),
                (Verdict::Fail | Verdict::Inconclusive, _) => (verdict, detail),
            };
            GateReport::Measured { verdict, detail, findings, log, remedy, repetition: Some(repetition) }
        }
    }
}

fn flaky(detail: &str) -> String {
    format!("{detail}\nflaky: failed, and passed when run again on the same files")
}
