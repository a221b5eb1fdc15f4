//! The gates that are measured on this machine, by name. What a verdict means for the run is the flow's business.

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
    /// Where the change began: its merge base with the target branch.
    pub base: CommitSha,
    /// The commit to be measured, checked out in `workdir`.
    pub head: CommitSha,
    /// A clone that nobody else uses meanwhile.
    pub workdir: PathBuf,
}

/// The result of a [`GateOrder`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GateReport {
    Measured {
        verdict: Verdict,
        /// Why, for people: the bounded tail of the output, or what went wrong.
        detail: String,
        findings: Vec<Finding>,
        log: Option<PathBuf>,
    },
    /// We were told to stop; no process of the measurement is alive.
    Cancelled,
}

/// A measurement that is going on.
pub type Measuring<'a> = Pin<Box<dyn Future<Output = GateReport> + Send + 'a>>;

/// Something that measures a commit.
pub trait Gate: Send + Sync {
    /// Measures a commit. When the future is ready, no process of the measurement is alive.
    fn measure<'a>(&'a self, order: &'a GateOrder, cancellation: Cancellation) -> Measuring<'a>;

    /// Returns where the raw output of an attempt goes, if it goes anywhere.
    fn log(&self, order: &GateOrder) -> Option<PathBuf>;
}

/// The gates of a run.
pub trait Gates: Send + Sync {
    /// Returns a gate by its name, if one of that name is measured here.
    fn gate(&self, name: &GateName) -> Option<&dyn Gate>;
}
