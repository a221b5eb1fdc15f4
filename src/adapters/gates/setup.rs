//! The setup command: run once in each fresh clone, before an agent works there or a gate is measured.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::adapters::files::write_over;
use crate::domain::gate::Verdict;
use crate::domain::ids::GateName;
use crate::ports::cancellation::Cancellation;
use crate::ports::gates::{Gate, GateOrder, GateReport, Measuring};

use super::settings::GateSettings;
use super::tests::TestsGate;

/// The setup command. It passes at once in a clone in which it has passed before.
#[derive(Debug)]
pub(super) struct SetupCommand {
    command: String,
    runner: TestsGate,
}

impl SetupCommand {
    pub(super) fn make(settings: &GateSettings) -> Option<Box<dyn Gate>> {
        let setup = settings.measured.commands.get(&GateName::setup())?;
        let (command, runner) = (setup.command.clone(), TestsGate::of(setup.clone(), settings));
        Some(Box::new(Self { command, runner }))
    }

    /// What the mark of a prepared clone says: it does not fit a clone that was made anew, or another command.
    fn mark(&self, clone: &Path) -> Option<String> {
        let inode = fs::symlink_metadata(clone).ok()?.ino();
        Some(format!("{inode} {}\n", self.command))
    }
}

/// Where it is noted that a clone is prepared: beside the clone, out of reach of what runs there.
fn mark_path(clone: &Path) -> PathBuf {
    clone.with_file_name("setup")
}

impl Gate for SetupCommand {
    fn measure<'a>(&'a self, order: &'a GateOrder, cancellation: Cancellation) -> Measuring<'a> {
        Box::pin(async move {
            let (path, mark) = (mark_path(&order.workdir), self.mark(&order.workdir));
            if mark.is_some() && fs::read_to_string(&path).ok() == mark {
                let (detail, findings) = (String::new(), Vec::new());
                return GateReport::Measured { verdict: Verdict::Pass, detail, findings, log: None };
            }
            let report = self.runner.measure(order, cancellation).await;
            match (&report, mark) {
                (GateReport::Measured { verdict: Verdict::Pass, .. }, Some(mark)) => {
                    // Without the mark it is only run once more.
                    let _unwritten = write_over(&path, mark.as_bytes());
                }
                (GateReport::Measured { .. } | GateReport::Cancelled, _) => {}
            }
            report
        })
    }

    fn log(&self, order: &GateOrder) -> Option<PathBuf> {
        self.runner.log(order)
    }
}
