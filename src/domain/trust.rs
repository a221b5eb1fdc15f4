//! Who is believed besides the login that the program runs as.

use super::ids::Login;

/// Who is believed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trust {
    /// Logins whose records count as ours do.
    pub recorders: Vec<Login>,
    /// Logins whose signed requirements count, though they may not write to the repository.
    pub humans: Vec<Login>,
}
