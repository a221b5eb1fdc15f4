//! The journal of a subject: one JSON line per entry, written to the disk before any effect of the entry.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use crate::adapters::clock::SystemClock;
use crate::domain::subject::Subject;
use crate::ports::clock::Clock;
use crate::ports::journal::{Entry, Journal, JournalError, Journals};

use super::folders::Folders;
use super::lock::{self, SubjectLock};
use crate::adapters::files;

/// Ends the remaining children of a dead engine, before anybody works on a subject.
pub type EndLeftovers = fn(&Path) -> Result<(), String>;

/// The size of the buffer for reading a journal, in bytes.
const BUFFER: usize = 1 << 16;

/// The journals of a repository.
#[derive(Debug)]
pub struct FileJournals {
    folders: Folders,
    locks: PathBuf,
    end_leftovers: EndLeftovers,
}

impl FileJournals {
    pub fn new(folders: Folders, locks: PathBuf, end_leftovers: EndLeftovers) -> Self {
        Self { folders, locks, end_leftovers }
    }

    pub fn lock_path(locks: &Path, subject: &Subject) -> PathBuf {
        locks.join(format!("agent-loop-{}.lock", subject.to_string().replace('/', "-")))
    }

    /// Returns the lock of a process that resumes a parked subject: it is held from before the check until the run has ended.
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
    /// The length of the acknowledged part of the file, in bytes: it ends with a whole line.
    length: u64,
    /// Whether bytes of an unacknowledged line follow the acknowledged part.
    is_torn: bool,
    entries: Arc<Vec<Entry>>,
}

impl Inner {
    /// Writes a line completely or not at all: after an incomplete line the next one would be damaged.
    fn write(&mut self, line: &[u8]) -> Result<(), String> {
        if self.is_torn {
            return Err(
                "the previous entry is incomplete and could not be removed, so nothing more is written. \
                        Fix the disk, then run agent-loop again"
                    .to_owned(),
            );
        }
        let written = self.file.write_all(line).and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            self.is_torn = self.file.set_len(self.length).is_err();
            return Err(error.to_string());
        }
        self.length = self.length.saturating_add(u64::try_from(line.len()).unwrap_or(u64::MAX));
        Ok(())
    }
}

#[async_trait]
impl Journals for FileJournals {
    async fn open(&self, subject: &Subject) -> Result<Arc<dyn Journal>, JournalError> {
        let folder = self.folders.subject(subject);
        files::make_folder(&folder).map_err(JournalError::Disk)?;
        files::make_folder(&self.locks).map_err(JournalError::Disk)?;
        let lock = lock::take(&Self::lock_path(&self.locks, subject), subject, SystemClock.now())?;
        // Children that do not end are waited for in another thread; meanwhile a person can interrupt, and other children
        // run.
        let (end, children) = (self.end_leftovers, self.folders.children(subject));
        let ended = tokio::task::spawn_blocking(move || end(&children)).await;
        ended.map_err(|error| JournalError::Disk(error.to_string()))?.map_err(JournalError::Disk)?;
        // A killed engine leaves the files of its turns. Files that cannot be removed are harmless: each turn has its own
        // folder.
        let _: io::Result<()> = files::remove(&self.folders.turns(subject));
        Ok(Arc::new(open(&self.folders.journal(subject), lock)?))
    }

    async fn peek(&self, subject: &Subject) -> Result<Vec<Entry>, JournalError> {
        read(&self.folders.journal(subject))
    }
}

fn open(path: &Path, lock: SubjectLock) -> Result<FileJournal, JournalError> {
    let disk = |error: io::Error| {
        JournalError::Disk(format!("could not open the journal {}: {error}", path.display()))
    };
    let file = files::append(path).map_err(disk)?;
    let Acknowledged { entries, length } = parse(&file, path)?;
    if length < file.metadata().map_err(disk)?.len() {
        // A whole journal is left alone: the time of its last change is shown to people.
        file.set_len(length).map_err(disk)?;
    }
    if let Some(folder) = path.parent() {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(disk)?;
    }
    let inner = Inner { file, length, is_torn: false, entries: Arc::new(entries) };
    Ok(FileJournal { inner: Mutex::new(inner), path: path.to_owned(), _lock: lock })
}

/// Returns the entries of a journal that is not open here; none if the file does not exist.
///
/// # Errors
/// When the file cannot be read, or a line is damaged; the text names the line.
pub fn read(path: &Path) -> Result<Vec<Entry>, JournalError> {
    match files::open_foreign(path) {
        Ok(file) => parse(&file, path).map(|acknowledged| acknowledged.entries),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(unread(path, &error)),
    }
}

fn unread(path: &Path, error: &io::Error) -> JournalError {
    JournalError::Disk(format!("could not read {}: {error}", path.display()))
}

/// The acknowledged part of a journal: a kill during a write leaves a last line without its end, which is not part of it.
struct Acknowledged {
    entries: Vec<Entry>,
    /// The length in bytes.
    length: u64,
}

fn parse(file: &File, path: &Path) -> Result<Acknowledged, JournalError> {
    let mut acknowledged = Acknowledged { entries: Vec::new(), length: 0 };
    let (mut lines, mut line) = (BufReader::with_capacity(BUFFER, file), Vec::new());
    for number in 1_u64.. {
        line.clear();
        let read = lines.read_until(b'\n', &mut line).map_err(|error| unread(path, &error))?;
        let Some(text) = line.strip_suffix(b"\n") else { break };
        acknowledged.length = acknowledged.length.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        if !text.is_empty() {
            acknowledged.entries.push(serde_json::from_slice(text).map_err(|error| {
                JournalError::Disk(format!(
                    "line {number} of the journal {} is damaged: {error}. Fix or remove the line; published records are safe",
                    path.display()
                ))
            })?);
        }
    }
    Ok(acknowledged)
}

#[async_trait]
impl Journal for FileJournal {
    fn entries(&self) -> Arc<Vec<Entry>> {
        Arc::clone(&self.inner.lock().unwrap_or_else(PoisonError::into_inner).entries)
    }

    async fn append(&self, entry: Entry) -> Result<(), JournalError> {
        let disk = |error: String| {
            JournalError::Disk(format!("could not write to the journal {}: {error}", self.path.display()))
        };
        let mut line = serde_json::to_vec(&entry).map_err(|error| disk(error.to_string()))?;
        line.push(b'\n');
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.write(&line).map_err(disk)?;
        Arc::make_mut(&mut inner.entries).push(entry);
        Ok(())
    }
}

/// Only Linux has a device that is always full.
#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::fs::OpenOptions;

    fn entry(body: &str) -> Entry {
        Entry::Record { body: body.to_owned() }
    }

    #[tokio::test]
    async fn incomplete_entries_stop_all_writing() {
        let folder = tempfile::tempdir().unwrap();
        let subject = "pr/7".parse().unwrap();
        let lock = lock::take(&folder.path().join("lock"), &subject, SystemClock.now()).unwrap();
        let path = folder.path().join("journal.jsonl");
        let journal = open(&path, lock).unwrap();
        journal.append(entry("one")).await.unwrap();
        // The device accepts no bytes, and cannot be truncated.
        let full = OpenOptions::new().append(true).open("/dev/full").unwrap();
        let whole = std::mem::replace(&mut journal.inner.lock().unwrap().file, full);
        let torn = journal.append(entry("two")).await.unwrap_err().to_string();
        assert!(torn.contains("could not write to the journal"), "{torn}");
        journal.inner.lock().unwrap().file = whole;
        let refusal = journal.append(entry("three")).await.unwrap_err().to_string();
        assert!(refusal.contains("run agent-loop again"), "{refusal}");
        assert_eq!(read(&path).unwrap(), [entry("one")]);
        assert_eq!(*journal.entries(), [entry("one")]);
    }
}
