//! The setup command: runs once in each fresh clone, before an agent works there or a gate is measured.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use async_trait::async_trait;

use crate::adapters::files;
use crate::domain::gate::Verdict;
use crate::domain::ids::GateName;
use crate::ports::cancellation::Cancellation;
use crate::ports::gates::{Gate, GateOrder, GateReport};

use super::command::CommandRunner;
use super::settings::GateSettings;

/// The setup command. It passes at once in a clone in which it has passed before.
#[derive(Debug)]
pub(super) struct SetupCommand {
    command: String,
    runner: CommandRunner,
}

impl SetupCommand {
    pub(super) fn make(settings: &GateSettings) -> Option<Box<dyn Gate>> {
        let setup = settings.measured.commands.get(&GateName::setup())?;
        let (command, runner) = (setup.command.clone(), CommandRunner::of(setup.clone(), settings));
        Some(Box::new(Self { command, runner }))
    }

    /// Returns the content of the mark of a prepared clone. A new clone and another command have another content.
    fn mark(&self, clone: &Path) -> Option<String> {
        let inode = fs::symlink_metadata(clone).ok()?.ino();
        Some(format!("{inode} {}\n", self.command))
    }
}

/// Returns the path of the mark: beside the clone, where processes in the clone cannot reach it.
fn mark_path(clone: &Path) -> PathBuf {
    clone.with_file_name("setup")
}

#[async_trait]
impl Gate for SetupCommand {
    async fn measure(&self, order: &GateOrder, cancellation: Cancellation) -> GateReport {
        let Some(clone) = &order.workdir else { return self.runner.measure(order, cancellation).await };
        let (path, mark) = (mark_path(clone), self.mark(clone));
        let limit = |mark: &String| u64::try_from(mark.len()).unwrap_or(u64::MAX);
        let is_same = |mark: &String| {
            files::read_bounded(&path, limit(mark)).is_ok_and(|found| found == mark.as_bytes())
        };
        if mark.as_ref().is_some_and(is_same) {
            return GateReport::measured(Verdict::Pass, String::new(), Vec::new(), None);
        }
        let report = self.runner.measure(order, cancellation).await;
        match (&report, mark) {
            (GateReport::Measured { verdict: Verdict::Pass, .. }, Some(mark)) => {
                // If the mark is missing, the command runs again.
                let _unwritten = files::write_over(&path, mark.as_bytes());
            }
            (GateReport::Measured { .. } | GateReport::Cancelled, _) => {}
        }
        report
    }

    fn log(&self, order: &GateOrder) -> Option<PathBuf> {
        self.runner.log(order)
    }
}
