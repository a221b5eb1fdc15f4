//! Where an agent's clone and our own files about it lie. Knows paths, runs nothing.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::adapters::git::disk;
use crate::adapters::git::lent::checkout::Lent;
use crate::domain::agent::Role;
use crate::domain::agent_memory::CheckoutFolder;
use crate::domain::ids::{BranchName, CommitSha, TreeSha};
use crate::domain::subject::Subject;
use crate::ports::workspace::{CloneId, WorkspaceError};

/// The folder of one clone: the agent's clone in it, and beside the clone what is ours.
#[derive(Debug, Clone)]
pub(in crate::adapters::git) struct ClonePaths {
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
pub(in crate::adapters::git) struct Note {
    /// The commit that the clone was prepared at.
    pub(in crate::adapters::git) head: CommitSha,
    /// The branch that was checked out.
    pub(in crate::adapters::git) branch: Option<BranchName>,
    /// The files that were laid out, if they are not just those of the head.
    #[serde(default)]
    pub(in crate::adapters::git) tree: Option<TreeSha>,
    /// Whether a turn may have left something there.
    pub(in crate::adapters::git) phase: Phase,
    /// What was last committed from there.
    pub(in crate::adapters::git) made: Option<Made>,
}

/// What is remembered of a clone, as far as it can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::adapters::git) enum Noted {
    /// There never was a clone.
    Nothing,
    Known(Note),
    /// Something that this version can't read: what lies in the clone may be anybody's unfinished work.
    Unreadable,
}

/// Where a clone is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::adapters::git) enum Phase {
    /// Prepared, and not yet harvested or salvaged.
    Open,
    /// What was there is in the mirror, or it was never ready.
    Closed,
}

/// A commit of ours, so that the same work asked for again is the same commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::adapters::git) struct Made {
    /// The commit.
    pub(in crate::adapters::git) commit: CommitSha,
    /// Its parent.
    pub(in crate::adapters::git) parent: CommitSha,
    /// Its tree.
    pub(in crate::adapters::git) tree: TreeSha,
    /// Its message.
    pub(in crate::adapters::git) message: String,
}

impl Note {
    /// What index and files were made from, as git is told it.
    pub(in crate::adapters::git) fn laid(&self) -> &str {
        self.tree.as_ref().map_or(self.head.as_str(), TreeSha::as_str)
    }
}

impl ClonePaths {
    /// The paths of a clone under a root.
    pub(in crate::adapters::git) fn new(root: &Path, clone_id: &CloneId) -> Self {
        let (subject, role, name) = match clone_id {
            CloneId::Agent { subject, role, label } => {
                (subject, Some((*role, label)), format!("{subject}/{role}/{label}"))
            }
            CloneId::Tests { subject } => (subject, None, format!("{subject}/tests")),
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

    /// The same clone in a checkout that the user lent.
    pub(in crate::adapters::git) fn in_checkout(self, lent: Lent) -> Self {
        Self { lent: Some(lent), ..self }
    }

    /// The user's checkout, if this is one.
    pub(in crate::adapters::git) fn lent(&self) -> Option<&Lent> {
        self.lent.as_ref()
    }

    /// With a folder of ours in the clone, if it is a coder's.
    pub(in crate::adapters::git) fn with_checkout_folder(mut self, folder: Option<&CheckoutFolder>) -> Self {
        self.checkout_folder = match self.role {
            Some(Role::Coder) => folder.cloned(),
            Some(Role::Reviewer | Role::Repair) | None => None,
        };
        self
    }

    /// The folder of ours in the clone, which is never committed.
    pub(in crate::adapters::git) fn checkout_folder(&self) -> Option<&CheckoutFolder> {
        self.checkout_folder.as_ref()
    }

    /// What the run is about.
    pub(in crate::adapters::git) fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The label of the agent, or `tests`.
    pub(in crate::adapters::git) fn holder(&self) -> &str {
        &self.holder
    }

    /// What the agent does; nothing for tests.
    pub(in crate::adapters::git) fn role(&self) -> Option<Role> {
        self.role
    }

    /// The clone's name, which is safe in paths and refs.
    pub(in crate::adapters::git) fn name(&self) -> &str {
        &self.name
    }

    /// The folder of all this.
    pub(in crate::adapters::git) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The agent's files.
    pub(in crate::adapters::git) fn tree(&self) -> PathBuf {
        self.lent.as_ref().map_or_else(|| self.folder.join("clone"), |lent| lent.path().to_owned())
    }

    /// The agent's git folder. No git of ours ever uses it.
    pub(in crate::adapters::git) fn agent_git(&self) -> PathBuf {
        self.lent.as_ref().map_or_else(|| self.tree().join(".git"), |lent| lent.git().to_owned())
    }

    /// Where its objects and branches are.
    pub(in crate::adapters::git) fn agent_common(&self) -> PathBuf {
        self.lent.as_ref().map_or_else(|| self.agent_git(), |lent| lent.common().to_owned())
    }

    /// Our index of the files as they were prepared.
    pub(in crate::adapters::git) fn index(&self) -> PathBuf {
        self.folder.join("index")
    }

    /// A copy of our index that a harvest works on.
    pub(in crate::adapters::git) fn scratch(&self) -> PathBuf {
        self.folder.join("index-of-work")
    }

    /// An index in which the tree of a review is put together.
    pub(in crate::adapters::git) fn review_index(&self) -> PathBuf {
        self.folder.join("index-of-review")
    }

    /// A git folder of ours through which the objects of the agent's are read.
    pub(in crate::adapters::git) fn reader(&self) -> PathBuf {
        self.folder.join("reader")
    }

    /// A git folder of ours through which objects come into a lent checkout.
    pub(in crate::adapters::git) fn bringer(&self) -> PathBuf {
        self.folder.join("bringer")
    }

    /// The refs of a lent checkout, as they were when a turn began.
    pub(in crate::adapters::git) fn refs(&self) -> PathBuf {
        self.folder.join("refs.json")
    }

    /// What we remember; nothing if there never was a clone, or the note is from another version.
    pub(in crate::adapters::git) fn note(&self) -> Result<Option<Note>, WorkspaceError> {
        Ok(match self.noted()? {
            Noted::Known(note) => Some(note),
            Noted::Nothing | Noted::Unreadable => None,
        })
    }

    /// What we remember. Fields that another version added are no matter.
    pub(in crate::adapters::git) fn noted(&self) -> Result<Noted, WorkspaceError> {
        let bytes = disk::read_file(&self.note_path())?;
        Ok(bytes.map_or(Noted::Nothing, |bytes| {
            serde_json::from_slice(&bytes).map_or(Noted::Unreadable, Noted::Known)
        }))
    }

    /// An error for a clone of which nobody can say what in it is unfinished work.
    pub(in crate::adapters::git) fn unreadable(&self, why: &str) -> WorkspaceError {
        WorkspaceError::Unclean(format!(
            "{} can't be read (another version wrote it), and the work in {} can't be kept: {why}\nnothing of it was thrown \
             away: go on with that version, or move {} aside, then run again",
            self.note_path().display(),
            self.tree().display(),
            self.folder.display(),
        ))
    }

    /// Remembers.
    pub(in crate::adapters::git) fn write_note(&self, note: &Note) -> Result<(), WorkspaceError> {
        let bytes = serde_json::to_vec(note).map_err(|cause| {
            WorkspaceError::Disk(format!("could not write {}: {cause}", self.note_path().display()))
        })?;
        disk::write_file(&self.note_path(), &bytes)
    }

    /// Remembers that nothing is left to be kept, if there is anything to remember.
    pub(in crate::adapters::git) fn close(&self) -> Result<(), WorkspaceError> {
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
