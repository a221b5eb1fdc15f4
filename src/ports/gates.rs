//! The gates that are measured on this machine. What a verdict means for the run is the flow's business.

use std::path::PathBuf;

use crate::domain::gate::Verdict;
use crate::domain::ids::{CommitSha, RunId};
use crate::domain::subject::Subject;

use super::cancellation::Cancellation;

/// One run of the test command.
#[derive(Debug, Clone)]
pub struct TestOrder {
    pub run: RunId,
    /// What the run is about.
    pub subject: Subject,
    /// Letters and digits, unique for each attempt: a part of the name of its log.
    pub attempt: String,
    /// The commit under test, checked out in `workdir`.
    pub head: CommitSha,
    /// A clone of its own.
    pub workdir: PathBuf,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TestReport {
    /// It was measured, or can't be.
    Measured {
        /// Whether the commit passed, failed, or could not be judged.
        verdict: Verdict,
        /// Why, for people: the bounded tail of the output, or what went wrong.
        detail: String,
        log: Option<PathBuf>,
    },
    /// We were told to stop; all its processes are gone.
    Cancelled,
}

/// The gates of a run.
pub trait Gates: Send + Sync {
    /// Runs the test command. When it returns, no process of it is alive.
    fn tests(&self, order: &TestOrder, cancellation: Cancellation)
    -> impl Future<Output = TestReport> + Send;

    /// Where the raw output of an attempt goes, if it goes anywhere.
    fn log(&self, order: &TestOrder) -> Option<PathBuf>;
}
