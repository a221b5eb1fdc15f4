//! Removes the files of a command that recorded nothing: a refused run, one on a merged pull request, or an explanation. Files of earlier commands are not removed.

use std::path::PathBuf;

use crate::adapters::clock::SystemClock;
use crate::adapters::storage::folders::Folders;
use crate::adapters::storage::journals::{self, FileJournals};
use crate::adapters::storage::{lock, retention};
use crate::domain::ending::{Ending, Refused};
use crate::domain::subject::Subject;
use crate::engine::outcome::Outcome;
use crate::ports::clock::Clock;

/// The state of a subject before a command.
#[derive(Debug)]
pub struct Beginning {
    subject: Subject,
    journal: PathBuf,
    lock: PathBuf,
    /// The paths that did not exist yet; empty if the subject was known.
    absent: Vec<PathBuf>,
}

impl Beginning {
    /// Reads the state.
    pub fn of(subject: &Subject, folders: &Folders) -> Self {
        let is_known = folders.subject(subject).exists();
        let all = retention::everything(folders, subject).into_iter();
        Self {
            subject: subject.clone(),
            journal: folders.journal(subject),
            lock: FileJournals::lock_path(folders.locks(), subject),
            absent: all.filter(|path| !is_known && !path.exists()).collect(),
        }
    }

    /// Removes the files of this command, if it had nothing to do and wrote nothing to the journal. An error is ignored:
    /// `status` shows the remaining files, and `clean` removes them.
    #[must_use]
    pub fn forget_if_idle(self, outcome: Outcome) -> Outcome {
        let is_locked = outcome.ending == Ending::Refused { reason: Refused::Locked };
        if is_locked || !matches!(outcome.ending, Ending::Refused { .. } | Ending::Merged { .. }) {
            return outcome;
        }
        let is_task = matches!(self.subject, Subject::Task(_));
        // Nothing has the key of a task that was forgotten.
        let subject = if self.forget() && is_task { None } else { outcome.subject };
        Outcome { subject, ..outcome }
    }

    /// Removes the files of this command, if it wrote nothing to the journal. Returns whether nothing is left of the subject.
    pub fn forget(self) -> bool {
        let Ok(_lock) = lock::take(&self.lock, &self.subject, SystemClock.now()) else { return false };
        if self.absent.is_empty() || !journals::read(&self.journal).is_ok_and(|entries| entries.is_empty()) {
            return false;
        }
        self.absent.iter().all(|path| retention::remove(path).is_ok())
    }
}
