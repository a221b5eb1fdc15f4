//! Where a desk's clone and our own files about it lie. Knows paths, runs nothing.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::disk;
use super::lent::Lent;
use crate::domain::agent::Role;
use crate::domain::ids::{BranchName, CommitSha, TreeSha};
use crate::domain::primer::CheckoutFolder;
use crate::domain::subject::Subject;
use crate::ports::workspace::{Desk, WorkspaceError};

/// The folder of one desk: the agent's clone in it, and beside the clone what is ours.
#[derive(Debug, Clone)]
pub(super) struct Place {
    folder: PathBuf,
    name: String,
    subject: Subject,
    holder: String,
    role: Option<Role>,
    lent: Option<Lent>,
    checkout_folder: Option<CheckoutFolder>,
}

/// What we remember of a clone between two calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Note {
    /// The commit that the clone was prepared at.
    pub(super) head: CommitSha,
    /// The branch that was checked out.
    pub(super) branch: Option<BranchName>,
    /// The files that were laid out, if they are not just those of the head.
    #[serde(default)]
    pub(super) tree: Option<TreeSha>,
    /// Whether a turn may have left something there.
    pub(super) phase: Phase,
    /// What was last committed from there.
    pub(super) made: Option<Made>,
}

/// Where a clone is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Phase {
    /// Prepared, and not yet harvested or salvaged.
    Open,
    /// What was there is in the mirror, or it was never ready.
    Closed,
}

/// A commit of ours, so that the same work asked for again is the same commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Made {
    /// The commit.
    pub(super) commit: CommitSha,
    /// Its parent.
    pub(super) parent: CommitSha,
    /// Its tree.
    pub(super) tree: TreeSha,
    /// Its message.
    pub(super) message: String,
}

impl Note {
    /// What index and files were made from, as git is told it.
    pub(super) fn laid(&self) -> &str {
        self.tree.as_ref().map_or(self.head.as_str(), TreeSha::as_str)
    }
}

impl Place {
    /// The place of a desk under a root.
    pub(super) fn new(root: &Path, desk: &Desk) -> Self {
        let (subject, role, name) = match desk {
            Desk::Agent { subject, role, label } => {
                (subject, Some((*role, label)), format!("{subject}/{role}/{label}"))
            }
            Desk::Tests { subject } => (subject, None, format!("{subject}/tests")),
        };
        Self {
            folder: root.join(&name),
            name,
            subject: subject.clone(),
            holder: role.map_or_else(|| "tests".to_owned(), |(_, label)| label.to_string()),
            role: role.map(|(role, _)| role),
            lent: None,
            checkout_folder: None,
        }
    }

    /// The same desk in a checkout that the user lent.
    pub(super) fn in_checkout(self, lent: Lent) -> Self {
        Self { lent: Some(lent), ..self }
    }

    /// The user's checkout, if this is one.
    pub(super) fn lent(&self) -> Option<&Lent> {
        self.lent.as_ref()
    }

    /// With a folder of ours in the clone, if it is a coder's.
    pub(super) fn with_checkout_folder(mut self, folder: Option<&CheckoutFolder>) -> Self {
        self.checkout_folder = match self.role {
            Some(Role::Coder) => folder.cloned(),
            Some(Role::Reviewer | Role::Repair) | None => None,
        };
        self
    }

    /// The folder of ours in the clone, which is never committed.
    pub(super) fn checkout_folder(&self) -> Option<&CheckoutFolder> {
        self.checkout_folder.as_ref()
    }

    /// What the run is about.
    pub(super) fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The label of the agent, or `tests`.
    pub(super) fn holder(&self) -> &str {
        &self.holder
    }

    /// What the agent does; nothing for tests.
    pub(super) fn role(&self) -> Option<Role> {
        self.role
    }

    /// The desk's name, which is safe in paths and refs.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The folder of all this.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The agent's files.
    pub(super) fn tree(&self) -> PathBuf {
        self.lent.as_ref().map_or_else(|| self.folder.join("clone"), |lent| lent.path().to_owned())
    }

    /// The agent's git folder. No git of ours ever uses it.
    pub(super) fn agent_git(&self) -> PathBuf {
        self.lent.as_ref().map_or_else(|| self.tree().join(".git"), |lent| lent.git().to_owned())
    }

    /// Where its objects and branches are.
    pub(super) fn agent_common(&self) -> PathBuf {
        self.lent.as_ref().map_or_else(|| self.agent_git(), |lent| lent.common().to_owned())
    }

    /// Our index of the files as they were prepared.
    pub(super) fn index(&self) -> PathBuf {
        self.folder.join("index")
    }

    /// A copy of our index that a harvest works on.
    pub(super) fn scratch(&self) -> PathBuf {
        self.folder.join("index-of-work")
    }

    /// An index in which the tree of a review is put together.
    pub(super) fn review_index(&self) -> PathBuf {
        self.folder.join("index-of-review")
    }

    /// A git folder of ours through which the objects of the agent's are read.
    pub(super) fn reader(&self) -> PathBuf {
        self.folder.join("reader")
    }

    /// A git folder of ours through which objects come into a lent checkout.
    pub(super) fn bringer(&self) -> PathBuf {
        self.folder.join("bringer")
    }

    /// The refs of a lent checkout, as they were when a turn began.
    pub(super) fn refs(&self) -> PathBuf {
        self.folder.join("refs.json")
    }

    /// What we remember; nothing if there never was a clone, or the note is from another version.
    pub(super) fn note(&self) -> Result<Option<Note>, WorkspaceError> {
        let bytes = disk::read_file(&self.note_path())?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    /// Remembers.
    pub(super) fn write_note(&self, note: &Note) -> Result<(), WorkspaceError> {
        let bytes = serde_json::to_vec(note).map_err(|cause| {
            WorkspaceError::Disk(format!("could not write {}: {cause}", self.note_path().display()))
        })?;
        disk::write_file(&self.note_path(), &bytes)
    }

    /// Remembers that nothing is left to be kept, if there is anything to remember.
    pub(super) fn close(&self) -> Result<(), WorkspaceError> {
        match self.note()? {
            Some(note) if note.phase == Phase::Open => {
                self.write_note(&Note { phase: Phase::Closed, ..note })
            }
            Some(_) | None => Ok(()),
        }
    }

    fn note_path(&self) -> PathBuf {
        self.folder.join("note.json")
    }
}
