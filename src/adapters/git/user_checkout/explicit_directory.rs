//! A directory that the user names for an agent.

use std::path::PathBuf;

use crate::ports::workspace::WorkspaceError;

/// A directory that the user named for an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplicitDirectory {
    pub path: PathBuf,
    /// The flag or setting that names it, for messages: `--claude-dir`.
    pub flag: String,
}

impl ExplicitDirectory {
    /// Returns the error that the directory cannot be used.
    pub(crate) fn unusable(&self, why: &str) -> WorkspaceError {
        let (flag, path) = (&self.flag, self.path.display());
        WorkspaceError::Unusable(format!(
            "{flag} {path} {why}; name the root of a checkout of the repository, or omit {flag}"
        ))
    }
}
