//! The journal of a subject: one JSON line an entry, on the disk before anything follows from it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::adapters::clock::SystemClock;
use crate::domain::subject::Subject;
use crate::ports::clock::Clock;
use crate::ports::journal::{Entry, Journal, JournalError, Journals};

use super::files;
use super::folders::Folders;
use super::lock::{self, SubjectLock};

/// What has to be done with children of a dead engine before a subject is worked on.
pub type EndLeftovers = fn(&Path) -> Result<(), String>;

/// The journals of a repository.
#[derive(Debug)]
pub struct FileJournals {
    folders: Folders,
    locks: PathBuf,
    end_leftovers: EndLeftovers,
}

impl FileJournals {
    /// Journals in the state folder, locks beside the repository.
    pub fn new(folders: Folders, locks: PathBuf, end_leftovers: EndLeftovers) -> Self {
        Self { folders, locks, end_leftovers }
    }

    /// The lock file of a subject.
    pub fn lock_path(locks: &Path, subject: &Subject) -> PathBuf {
        locks.join(format!("agent-loop-{}.lock", subject.to_string().replace('/', "-")))
    }

    /// The lock of whoever takes up a parked subject because it is due: held from before the look until the run has ended.
    pub fn due_lock_path(locks: &Path, subject: &Subject) -> PathBuf {
        locks.join(format!("due-{}.lock", subject.to_string().replace('/', "-")))
    }
}

/// An open journal.
#[derive(Debug)]
pub struct FileJournal {
    inner: Mutex<Inner>,
    path: PathBuf,
    _lock: SubjectLock,
}

#[derive(Debug)]
struct Inner {
    file: File,
    entries: Vec<Entry>,
}

impl Journals for FileJournals {
    type Journal = FileJournal;

    async fn open(&self, subject: &Subject) -> Result<FileJournal, JournalError> {
        let folder = self.folders.subject(subject);
        files::make_folder(&folder).map_err(JournalError::Disk)?;
        files::make_folder(&self.locks).map_err(JournalError::Disk)?;
        let lock = lock::take(&Self::lock_path(&self.locks, subject), subject, SystemClock.now())?;
        (self.end_leftovers)(&self.folders.children(subject)).map_err(JournalError::Disk)?;
        open(&self.folders.journal(subject), lock)
    }
}

fn open(path: &Path, lock: SubjectLock) -> Result<FileJournal, JournalError> {
    let disk = |error: io::Error| {
        JournalError::Disk(format!("could not open the journal {}: {error}", path.display()))
    };
    let file = files::append(path).map_err(disk)?;
    let text = fs::read(path).map_err(disk)?;
    let whole = whole(&text);
    file.set_len(u64::try_from(whole).unwrap_or(u64::MAX)).map_err(disk)?;
    let entries = parse(text.get(..whole).unwrap_or_default(), path)?;
    if let Some(folder) = path.parent() {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(disk)?;
    }
    Ok(FileJournal { inner: Mutex::new(Inner { file, entries }), path: path.to_owned(), _lock: lock })
}

/// The entries of a journal that is not open here; none, if there is no such file.
///
/// # Errors
/// When it can't be read, or a line is damaged; the text names it.
pub fn read(path: &Path) -> Result<Vec<Entry>, JournalError> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(JournalError::Disk(format!("could not read {}: {error}", path.display())));
        }
    };
    parse(text.get(..whole(&text)).unwrap_or_default(), path)
}

/// How much of a journal was acknowledged: a kill in the middle of a write leaves a last line without its end.
fn whole(text: &[u8]) -> usize {
    text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1)
}

/// The entries of a journal.
fn parse(text: &[u8], path: &Path) -> Result<Vec<Entry>, JournalError> {
    let lines = text.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty());
    lines
        .map(|(index, line)| {
            serde_json::from_slice(line).map_err(|error| {
                JournalError::Disk(format!(
                    "line {} of the journal {} is damaged: {error}. Mend or remove the line; what was published is safe",
                    index + 1,
                    path.display()
                ))
            })
        })
        .collect()
}

impl Journal for FileJournal {
    fn entries(&self) -> Vec<Entry> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).entries.clone()
    }

    async fn append(&self, entry: Entry) -> Result<(), JournalError> {
        let disk = |error: String| {
            JournalError::Disk(format!("could not write to the journal {}: {error}", self.path.display()))
        };
        let mut line = serde_json::to_vec(&entry).map_err(|error| disk(error.to_string()))?;
        line.push(b'\n');
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let written = inner.file.write_all(&line).and_then(|()| inner.file.sync_data());
        written.map_err(|error| disk(error.to_string()))?;
        inner.entries.push(entry);
        Ok(())
    }
}
