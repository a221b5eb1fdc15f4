//! Errors of the file of an embedded forge: each names the file, and the command that helps.

use std::fmt::Display;
use std::path::Path;

use rusqlite::ErrorCode;

use crate::domain::shell::moving_aside;

/// The file of an embedded forge.
#[derive(Debug, Clone, Copy)]
pub(super) struct ForgeFile<'path>(pub(super) &'path Path);

impl ForgeFile<'_> {
    /// Describes an error of `SQLite`.
    pub(super) fn failed(self, error: &rusqlite::Error) -> String {
        let code = error.sqlite_error_code();
        if matches!(code, Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)) {
            return self.damaged(error);
        }
        let advice =
            if code == Some(ErrorCode::DiskFull) { "; look for free space with `df -h`" } else { "" };
        format!("the embedded forge {} failed: {error}{advice}", self.0.display())
    }

    /// Describes content that this program cannot have written.
    pub(super) fn damaged(self, why: &dyn Display) -> String {
        format!(
            "the embedded forge {} is damaged: {why}; restore a copy of that file, or move it away to begin with an empty \
             forge: `{}`",
            self.0.display(),
            moving_aside(self.0, ".damaged")
        )
    }
}
