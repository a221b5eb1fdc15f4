//! The intent to move a branch that is checked out: written before the move and removed afterwards, so that a kill is
//! noticed.

use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::adapters::git::disk::{failed, is_absence, make_folder, read_file, remove, write_file};
use crate::adapters::git::mirror::Mirror;
use crate::domain::digest;
use crate::domain::ids::{BranchName, CommitSha};
use crate::ports::workspace::WorkspaceError;

/// A branch that is being moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Moving {
    pub(crate) branch: BranchName,
    /// The old commit; `None` for a new branch.
    pub(crate) from: Option<CommitSha>,
    pub(crate) to: CommitSha,
}

impl Moving {
    pub(crate) fn begin(&self, mirror: &Mirror) -> Result<(), WorkspaceError> {
        make_folder(&folder(mirror))?;
        let bytes = serde_json::to_vec(self)
            .map_err(|cause| WorkspaceError::Disk(format!("could not note a branch's move: {cause}")))?;
        write_file(&self.path(mirror), &bytes)
    }

    pub(crate) fn end(&self, mirror: &Mirror) -> Result<(), WorkspaceError> {
        remove(&self.path(mirror))
    }

    /// Returns a path for a copy of a checkout's index.
    pub(crate) fn scratch(&self, mirror: &Mirror) -> Result<PathBuf, WorkspaceError> {
        make_folder(&folder(mirror))?;
        Ok(self.path(mirror).with_extension("index"))
    }

    /// Returns the old commit for git: zeros for a new branch.
    pub(crate) fn start(&self) -> String {
        let zeros = || "0".repeat(self.to.as_str().len());
        self.from.as_ref().map_or_else(zeros, ToString::to_string)
    }

    fn path(&self, mirror: &Mirror) -> PathBuf {
        let name = digest::abbreviated(self.branch.as_str(), 16);
        folder(mirror).join(format!("{name}.json"))
    }
}

/// Returns the moves that were not completed.
pub(crate) fn unfinished(mirror: &Mirror) -> Result<Vec<Moving>, WorkspaceError> {
    let folder = folder(mirror);
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(cause) if is_absence(&cause) => return Ok(Vec::new()),
        Err(cause) => return Err(failed("list", &folder, &cause)),
    };
    let mut all = Vec::new();
    for entry in entries {
        let path = entry.map_err(|cause| failed("list", &folder, &cause))?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let bytes = read_file(&path)?.unwrap_or_default();
            all.extend(serde_json::from_slice::<Moving>(&bytes).ok());
        }
    }
    Ok(all)
}

fn folder(mirror: &Mirror) -> PathBuf {
    mirror.path().join("agent-loop-moving")
}
