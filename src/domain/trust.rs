//! The logins that are trusted besides the login of this program.

use super::ids::Login;

/// The logins that are trusted besides the login of this program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trust {
    /// Logins whose records are accepted like our own.
    pub recorders: Vec<Login>,
    /// Logins without write access whose signed requirements are accepted.
    pub humans: Vec<Login>,
}
