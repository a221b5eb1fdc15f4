//! The settings of the gate `score`.

use std::path::PathBuf;
use std::time::Duration;

use crate::domain::quality::verdict::ScorePolicy;

use super::project_code::ProjectCode;
use super::scorer::Scorer;

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
