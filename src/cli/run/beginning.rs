//! A start that is refused before anything was done leaves nothing behind. What an earlier command left is never touched.

use std::path::PathBuf;

use crate::adapters::clock::SystemClock;
use crate::adapters::storage::folders::Folders;
use crate::adapters::storage::journals::{self, FileJournals};
use crate::adapters::storage::{lock, retention};
use crate::domain::ending::{Ending, Refused};
use crate::domain::subject::Subject;
use crate::engine::outcome::Outcome;
use crate::ports::clock::Clock;

/// What there was of a subject before a command began.
#[derive(Debug)]
pub struct Beginning {
    subject: Subject,
    journal: PathBuf,
    lock: PathBuf,
    /// What was not there yet; nothing, if the subject was known.
    absent: Vec<PathBuf>,
}

impl Beginning {
    /// Looks what there is.
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

    /// Removes what this command made, if it was refused and nothing was written into the journal. Never the reason for a
    /// failure: what stays is shown by `status`, and can be cleaned.
    pub fn forget_if_refused(self, outcome: &Outcome) {
        let Ending::Refused { reason } = &outcome.ending else { return };
        if *reason == Refused::Locked {
            return;
        }
        let Ok(_lock) = lock::take(&self.lock, &self.subject, SystemClock.now()) else { return };
        if journals::read(&self.journal).is_ok_and(|entries| entries.is_empty()) {
            for path in self.absent {
                let _: Result<(), String> = retention::remove(&path);
            }
        }
    }
}
