//! The gates that run on this machine. The flow decides what follows from a verdict.

use std::path::PathBuf;

use async_trait::async_trait;

use crate::domain::correction::Correction;
use crate::domain::gate::{Finding, Verdict};
use crate::domain::ids::{CommitSha, GateName, RunId, TreeSha};
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
    /// The commit to measure.
    pub head: CommitSha,
    /// The tree of the commit, if the measurement may be remembered for it.
    pub tree: Option<TreeSha>,
    /// A clone of the commit for the exclusive use of the gate, if it works in one.
    pub workdir: Option<PathBuf>,
    /// The text of the task or issue that the change is for; empty if it is not known from our own records.
    pub task: String,
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
        /// What to change if the measurement did not succeed.
        remedy: Option<Correction>,
        /// The verdict of a second measurement, which follows a failed one.
        repetition: Option<Verdict>,
    },
    /// The run was cancelled; no process of the measurement is alive.
    Cancelled,
}

impl GateReport {
    /// Creates the report of a measurement that succeeded.
    pub fn measured(verdict: Verdict, detail: String, findings: Vec<Finding>, log: Option<PathBuf>) -> Self {
        Self::Measured { verdict, detail, findings, log, remedy: None, repetition: None }
    }

    /// Creates the report of a measurement that did not succeed.
    pub fn inconclusive(detail: String, log: Option<PathBuf>, remedy: Option<Correction>) -> Self {
        let (verdict, findings) = (Verdict::Inconclusive, Vec::new());
        Self::Measured { verdict, detail, findings, log, remedy, repetition: None }
    }
}

/// Where a gate works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GatePlace {
    /// In a clone, after the setup command.
    Clone,
    /// It reads commits from the mirror.
    Mirror,
}

/// A gate that measures commits.
#[async_trait]
pub trait Gate: Send + Sync {
    fn place(&self) -> GatePlace {
        GatePlace::Clone
    }

    /// Returns the report of an earlier measurement of the same files, if that is all that the gate depends on.
    fn known(&self, _: &TreeSha) -> Option<GateReport> {
        None
    }

    /// Measures a commit. When the future is ready, no process of the measurement is alive.
    async fn measure(&self, order: &GateOrder, cancellation: Cancellation) -> GateReport;

    /// Returns the path of the raw output of an attempt, if it is kept.
    fn log(&self, order: &GateOrder) -> Option<PathBuf>;
}

/// The gates of a run.
pub trait Gates: Send + Sync {
    /// Returns the gate with this name, if it runs on this machine.
    fn gate(&self, name: &GateName) -> Option<&dyn Gate>;
}
