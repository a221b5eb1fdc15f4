//! The settings of the gate `tamper`.

use crate::domain::tamper::policy::TamperPolicy;

/// The settings of the gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TamperSettings {
    pub policy: TamperPolicy,
    /// Patterns of the files that the change may touch.
    pub scope: Vec<String>,
}
