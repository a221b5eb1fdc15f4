//! The settings of the gate `score`.

use std::path::PathBuf;
use std::time::Duration;

use crate::domain::quality::verdict::ScorePolicy;

use super::scorer::Scorer;

/// Whether a scorer may run code of the project, such as build scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProjectCode {
    Allowed,
    Never,
}

/// The settings of the gate.
#[derive(Debug, Clone)]
pub struct ScoreSettings {
    pub scorer: Scorer,
    pub policy: ScorePolicy,
    pub project_code: ProjectCode,
    /// The time limit of one scan.
    pub deadline: Duration,
    /// The folder of earlier measurements.
    pub cache: PathBuf,
}
