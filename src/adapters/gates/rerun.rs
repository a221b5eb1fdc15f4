//! The test command once more: a command that fails and then passes on the same files is flaky.

use std::path::PathBuf;

use crate::domain::gate::{FlakyTests, Verdict};
use crate::ports::cancellation::Cancellation;
use crate::ports::gates::{Gate, GateOrder, GateReport, Measuring};

use super::settings::GateSettings;
use super::tests::TestsGate;

/// The gate `tests`: a red test command runs a second time.
#[derive(Debug)]
pub(super) struct RepeatedTests {
    runner: TestsGate,
    flaky: FlakyTests,
}

impl RepeatedTests {
    pub(super) fn make(settings: &GateSettings) -> Option<Box<dyn Gate>> {
        let test = settings.measured.tests()?.clone();
        Some(Box::new(Self { runner: TestsGate::of(test, settings), flaky: settings.measured.flaky }))
    }
}

impl Gate for RepeatedTests {
    fn measure<'a>(&'a self, order: &'a GateOrder, cancellation: Cancellation) -> Measuring<'a> {
        Box::pin(async move {
            let first = self.runner.measure(order, cancellation.clone()).await;
            if verdict(&first) != Some(Verdict::Fail) {
                return first;
            }
            let again = GateOrder { attempt: format!("{}-again", order.attempt), ..order.clone() };
            let second = self.runner.measure(&again, cancellation).await;
            match verdict(&second) {
                None => GateReport::Cancelled,
                Some(Verdict::Pass) => flaky(first, self.flaky),
                Some(Verdict::Fail | Verdict::Inconclusive) => first,
            }
        })
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

/// Says that a red run was followed by a green one.
fn flaky(first: GateReport, tests: FlakyTests) -> GateReport {
    match first {
        GateReport::Cancelled => GateReport::Cancelled,
        GateReport::Measured { detail, findings, log, .. } => {
            let verdict = match tests {
                FlakyTests::Fail => Verdict::Fail,
                FlakyTests::Allow => Verdict::Pass,
            };
            let detail = format!("{detail}\nflaky: failed, and passed when run again on the same files");
            GateReport::Measured { verdict, detail, findings, log }
        }
    }
}
