//! Removes the files of a command that recorded nothing: a refused run, or an explanation. Files of earlier commands are not removed.

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

    /// Removes the files of this command, if it was refused and wrote nothing to the journal. An error is ignored: `status`
    /// shows the remaining files, and `clean` removes them.
    pub fn forget_if_refused(self, outcome: &Outcome) {
        let Ending::Refused { reason } = &outcome.ending else { return };
        if *reason != Refused::Locked {
            self.forget();
        }
    }

    /// Removes the files of this command, if it wrote nothing to the journal.
    pub fn forget(self) {
        let Ok(_lock) = lock::take(&self.lock, &self.subject, SystemClock.now()) else { return };
        if journals::read(&self.journal).is_ok_and(|entries| entries.is_empty()) {
            for path in self.absent {
                let _: Result<(), String> = retention::remove(&path);
            }
        }
    }
}
