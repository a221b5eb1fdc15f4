//! Where an agent's clone and our own files about it lie. Knows paths, runs nothing.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::adapters::git::checkout_paths::CheckoutPaths;
use crate::adapters::git::disk;
use crate::domain::agent_memory::CheckoutFolder;
use crate::domain::ids::{BranchName, CommitSha, TreeSha};
use crate::ports::workspace::{CloneId, WorkspaceError};

/// The folder of one clone: the agent's clone in it, and beside the clone what is ours.
#[derive(Debug, Clone)]
pub(crate) struct ClonePaths {
    /// Its path is a valid part of a ref.
    pub(crate) id: CloneId,
    pub(crate) folder: PathBuf,
    pub(crate) checkout: CheckoutPaths,
    /// A folder of ours in the clone, which is never committed.
    pub(crate) checkout_folder: Option<CheckoutFolder>,
}

/// What we remember of a clone between two calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CloneNote {
    pub(crate) head: CommitSha,
    pub(crate) branch: Option<BranchName>,
    /// The files that were laid out, if they are not just those of the head.
    #[serde(default)]
    pub(crate) tree: Option<TreeSha>,
    /// Whether a turn may have left something there.
    pub(crate) phase: ClonePhase,
    pub(crate) made: Option<MadeCommit>,
}

/// What is remembered of a clone, as far as it can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Noted {
    /// There never was a clone.
    Nothing,
    Known(CloneNote),
    /// Something that this version can't read: what lies in the clone may be anybody's unfinished work.
    Unreadable,
}

/// Where a clone is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ClonePhase {
    Open,
    /// What was there is in the mirror, or it was never ready.
    Closed,
}

/// A commit of ours, so that the same work asked for again is the same commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MadeCommit {
    pub(crate) commit: CommitSha,
    pub(crate) parent: CommitSha,
    pub(crate) tree: TreeSha,
    pub(crate) message: String,
}

impl CloneNote {
    /// What index and files were made from, as git is told it.
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

    /// The same paths, with a folder of ours in the clone if it is one that files are changed in.
    pub(crate) fn with_checkout_folder(mut self, folder: Option<&CheckoutFolder>) -> Self {
        self.checkout_folder = match &self.id {
            CloneId::Author { .. } => folder.cloned(),
            CloneId::Reader { .. } | CloneId::Gate { .. } => None,
        };
        self
    }

    /// Our index of the files as they were prepared.
    pub(crate) fn index(&self) -> PathBuf {
        self.folder.join("index")
    }

    /// A copy of our index that a harvest works on.
    pub(crate) fn scratch(&self) -> PathBuf {
        self.folder.join("index-of-work")
    }

    /// An index in which the tree of a review is put together.
    pub(crate) fn review_index(&self) -> PathBuf {
        self.folder.join("index-of-review")
    }

    /// A git folder of ours through which the agent's objects come into the mirror.
    pub(crate) fn export_gitdir(&self) -> PathBuf {
        self.folder.join("export")
    }

    /// A git folder of ours through which objects come into a checkout of the user's.
    pub(crate) fn import_gitdir(&self) -> PathBuf {
        self.folder.join("import")
    }

    /// The refs of the workplace, as they were when a turn began.
    pub(crate) fn refs(&self) -> PathBuf {
        self.folder.join("refs.json")
    }

    /// The note; none if there never was a clone, or another version wrote the note.
    pub(crate) fn note(&self) -> Result<Option<CloneNote>, WorkspaceError> {
        Ok(match self.noted()? {
            Noted::Known(note) => Some(note),
            Noted::Nothing | Noted::Unreadable => None,
        })
    }

    /// Reads the note. Fields that another version added are ignored.
    pub(crate) fn noted(&self) -> Result<Noted, WorkspaceError> {
        let bytes = disk::read_file(&self.note_path())?;
        Ok(bytes.map_or(Noted::Nothing, |bytes| {
            serde_json::from_slice(&bytes).map_or(Noted::Unreadable, Noted::Known)
        }))
    }

    /// An error for a clone of which nobody can say what in it is unfinished work.
    pub(crate) fn unreadable(&self, why: &str) -> WorkspaceError {
        WorkspaceError::Unclean(format!(
            "{} can't be read (another version wrote it), and the work in {} can't be kept: {why}\nnothing of it was thrown \
             away: go on with that version, or move {} aside, then run again",
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

    /// Notes that nothing is left to be kept, if there is a note.
    pub(crate) fn close(&self) -> Result<(), WorkspaceError> {
        match self.note()? {
            Some(note) if note.phase == ClonePhase::Open => {
                self.write_note(&CloneNote { phase: ClonePhase::Closed, ..note })
            }
            Some(_) | None => Ok(()),
        }
    }

    fn note_path(&self) -> PathBuf {
        self.folder.join("note.json")
    }
}
