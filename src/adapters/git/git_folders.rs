//! The folders of a workspace.

use std::path::PathBuf;

/// Our own folders. Each is created when it is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitFolders {
    pub mirror: PathBuf,
    pub clones: PathBuf,
    /// Whole diffs, one file for each pair of commits.
    pub diffs: PathBuf,
}
