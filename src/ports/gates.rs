//! The gates that run on this machine. The flow decides what follows from a verdict.

use std::path::PathBuf;
use std::pin::Pin;

use crate::domain::gate::{Finding, Verdict};
use crate::domain::ids::{CommitSha, GateName, RunId};
use crate::domain::subject::Subject;

use super::cancellation::Cancellation;

/// An order to measure a gate on a commit.
#[derive(Debug, Clone)]
pub struct GateOrder {
    pub run: RunId,
    pub subject: Subject,
    pub gate: GateName,
    /// Letters and digits, unique for each attempt: a part of the name of its log.
    pub attempt: String,
    /// The merge base with the target branch.
    pub base: CommitSha,
    /// The commit to measure, checked out in `workdir`.
    pub head: CommitSha,
    /// A clone for the exclusive use of the gate.
    pub workdir: PathBuf,
}

/// The result of a [`GateOrder`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GateReport {
    Measured {
        verdict: Verdict,
        /// The reason for people: the last lines of the output, or the error.
        detail: String,
        findings: Vec<Finding>,
        log: Option<PathBuf>,
    },
    /// The run was cancelled; no process of the measurement is alive.
    Cancelled,
}

/// A running measurement.
pub type Measuring<'a> = Pin<Box<dyn Future<Output = GateReport> + Send + 'a>>;

/// A gate that measures commits.
pub trait Gate: Send + Sync {
    /// Measures a commit. When the future is ready, no process of the measurement is alive.
    fn measure<'a>(&'a self, order: &'a GateOrder, cancellation: Cancellation) -> Measuring<'a>;

    /// Returns the path of the raw output of an attempt, if it is kept.
    fn log(&self, order: &GateOrder) -> Option<PathBuf>;
}

/// The gates of a run.
pub trait Gates: Send + Sync {
    /// Returns the gate with this name, if it runs on this machine.
    fn gate(&self, name: &GateName) -> Option<&dyn Gate>;
}
