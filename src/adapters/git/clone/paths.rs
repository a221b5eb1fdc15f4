//! The paths of an agent's clone and of our own files about it. Runs nothing.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::adapters::git::checkout_paths::CheckoutPaths;
use crate::adapters::git::disk;
use crate::domain::agent_memory::CheckoutFolder;
use crate::domain::ids::{BranchName, CommitSha, TreeSha};
use crate::ports::workspace::{CloneId, WorkspaceError};

/// The folder of one clone: it contains the agent's clone and, beside it, our own files.
#[derive(Debug, Clone)]
pub(crate) struct ClonePaths {
    /// The id, whose path is a valid part of a ref.
    pub(crate) id: CloneId,
    pub(crate) folder: PathBuf,
    pub(crate) checkout: CheckoutPaths,
    /// A folder of ours in the clone, which is never committed.
    pub(crate) checkout_folder: Option<CheckoutFolder>,
}

/// The note about a clone, kept between two calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CloneNote {
    pub(crate) head: CommitSha,
    pub(crate) branch: Option<BranchName>,
    /// The files that were checked out, if they differ from those of the head.
    pub(crate) tree: Option<TreeSha>,
    /// Whether a turn may have left work in the clone.
    pub(crate) phase: ClonePhase,
    pub(crate) made: Option<MadeCommit>,
}

/// The result of reading the note of a clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Noted {
    /// There is no note: the clone never existed.
    Nothing,
    Known(CloneNote),
    /// This version cannot read the note: the clone may contain somebody's unfinished work.
    Unreadable,
}

/// The phase of a clone's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ClonePhase {
    Open,
    /// The work is in the mirror, or the clone was never ready.
    Closed,
}

/// A commit of ours, kept so that the same work results in the same commit again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MadeCommit {
    pub(crate) commit: CommitSha,
    pub(crate) parent: CommitSha,
    pub(crate) tree: TreeSha,
    pub(crate) message: String,
}

impl CloneNote {
    /// Returns the commit or tree from which index and files were made, as an argument for git.
    pub(crate) fn laid(&self) -> &str {
        self.tree.as_ref().map_or(self.head.as_str(), TreeSha::as_str)
    }
}

impl ClonePaths {
    pub(crate) fn new(root: &Path, clone_id: &CloneId) -> Self {
        let folder = root.join(clone_id.path());
        let checkout = CheckoutPaths::standalone(folder.join("clone"));
        Self { id: clone_id.clone(), folder, checkout, checkout_folder: None }
    }

    /// Returns the same paths, with a folder of ours in the clone if the clone is a coder's.
    pub(crate) fn with_checkout_folder(mut self, folder: Option<&CheckoutFolder>) -> Self {
        self.checkout_folder = match &self.id {
            CloneId::Author { .. } => folder.cloned(),
            CloneId::Reader { .. } | CloneId::Gate { .. } => None,
        };
        self
    }

    /// Returns the path of our index of the files as they were prepared.
    pub(crate) fn index(&self) -> PathBuf {
        self.folder.join("index")
    }

    /// Returns the path of a copy of our index for a harvest.
    pub(crate) fn scratch(&self) -> PathBuf {
        self.folder.join("index-of-work")
    }

    /// Returns the path of an index in which the tree of a review is made.
    pub(crate) fn review_index(&self) -> PathBuf {
        self.folder.join("index-of-review")
    }

    /// Returns the git folder of ours through which the agent's objects are fetched into the mirror.
    pub(crate) fn export_gitdir(&self) -> PathBuf {
        self.folder.join("export")
    }

    /// Returns the git folder of ours through which objects are fetched into a checkout of the user.
    pub(crate) fn import_gitdir(&self) -> PathBuf {
        self.folder.join("import")
    }

    /// Returns the path of the refs of the workplace, as they were at the start of a turn.
    pub(crate) fn refs(&self) -> PathBuf {
        self.folder.join("refs.json")
    }

    /// Returns the note; `None` if the clone never existed, or another version wrote the note.
    pub(crate) fn note(&self) -> Result<Option<CloneNote>, WorkspaceError> {
        Ok(match self.noted()? {
            Noted::Known(note) => Some(note),
            Noted::Nothing | Noted::Unreadable => None,
        })
    }

    /// Reads the note. Fields of another version are ignored.
    pub(crate) fn noted(&self) -> Result<Noted, WorkspaceError> {
        let bytes = disk::read_file(&self.note_path())?;
        Ok(bytes.map_or(Noted::Nothing, |bytes| {
            serde_json::from_slice(&bytes).map_or(Noted::Unreadable, Noted::Known)
        }))
    }

    /// Returns the error for a clone whose unfinished work is unknown.
    pub(crate) fn unreadable(&self, why: &str) -> WorkspaceError {
        WorkspaceError::Unclean(format!(
            "{} cannot be read (another version wrote it), and the work in {} cannot be saved: {why}\nnothing was discarded: \
             continue with that version, or move {} away, then run again",
            self.note_path().display(),
            self.checkout.tree.display(),
            self.folder.display(),
        ))
    }

    pub(crate) fn write_note(&self, note: &CloneNote) -> Result<(), WorkspaceError> {
        let bytes = serde_json::to_vec(note).map_err(|cause| {
            WorkspaceError::Disk(format!("could not write {}: {cause}", self.note_path().display()))
        })?;
        disk::write_file(&self.note_path(), &bytes)
    }

    /// Notes that the clone has no work to save, if there is a note.
    pub(crate) fn close(&self) -> Result<(), WorkspaceError> {
        match self.note()? {
            Some(note) if note.phase == ClonePhase::Open => {
                self.write_note(&CloneNote { phase: ClonePhase::Closed, ..note })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Gives our index the time of the note, which was written last: files of the index are older, and whatever an agent
    /// changes from now on is not.
    pub(crate) fn seal_index(&self) -> Result<(), WorkspaceError> {
        disk::copy_time(&self.note_path(), &self.index())
    }

    fn note_path(&self) -> PathBuf {
        self.folder.join("note.json")
    }
}
