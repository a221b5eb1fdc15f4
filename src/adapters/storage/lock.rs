//! The lock of a subject: a file lock of the operating system, which ends with the process.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::subject::Subject;
use crate::ports::journal::{Holder, JournalError};

use crate::adapters::files;

/// A lock that is held until it is dropped or the process ends.
#[derive(Debug)]
pub struct SubjectLock {
    _file: File,
}

#[derive(Serialize, Deserialize)]
struct LockText {
    pid: u32,
    host: String,
    since: Timestamp,
}

/// Takes the lock of a subject.
///
/// # Errors
/// When another process holds the lock, or the disk fails.
pub fn take(path: &Path, subject: &Subject, now: Timestamp) -> Result<SubjectLock, JournalError> {
    let disk = |error: std::io::Error| {
        JournalError::Disk(format!("could not lock {subject} with {}: {error}", path.display()))
    };
    let mut file = files::append(path).map_err(disk)?;
    match lock_alone(&file) {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(JournalError::Held { subject: subject.clone(), holder: holder(&mut file) });
        }
        Err(TryLockError::Error(error)) => return Err(disk(error)),
    }
    let written = LockText { pid: std::process::id(), host: this_host(), since: now };
    let text = serde_json::to_string(&written).unwrap_or_default();
    file.set_len(0).and_then(|()| file.write_all(text.as_bytes())).map_err(disk)?;
    Ok(SubjectLock { _file: file })
}

/// The number of attempts to take a lock while other processes only check it.
const TRIES: u32 = 200;
/// The time between attempts. A check takes microseconds, unless the checking process is suspended.
const LOOK: Duration = Duration::from_millis(1);

/// Locks a file exclusively. `who_holds` takes a shared lock for an instant, which does not count as a holder.
fn lock_alone(file: &File) -> Result<(), TryLockError> {
    for _ in 0..TRIES {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => {}
            result @ (Ok(()) | Err(TryLockError::Error(_))) => return result,
        }
        // This fails if the lock is held exclusively.
        file.try_lock_shared()?;
        file.unlock().map_err(TryLockError::Error)?;
        std::thread::sleep(LOOK);
    }
    Err(TryLockError::WouldBlock)
}

/// Returns the name of this machine, for messages.
pub fn this_host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Returns the holder according to the lock file, for messages only.
fn holder(file: &mut File) -> Holder {
    let mut text = String::new();
    let read = file.rewind().and_then(|()| file.read_to_string(&mut text));
    let written = read.ok().and_then(|_| serde_json::from_str::<LockText>(&text).ok());
    written.map_or(Holder { pid: None, host: None, since: None }, |written| Holder {
        pid: Some(written.pid),
        host: Some(written.host),
        since: Some(written.since),
    })
}

/// Returns the current holder of a lock.
pub fn who_holds(path: &Path) -> Option<Holder> {
    let mut file = files::open_foreign(path).ok()?;
    match file.try_lock_shared() {
        Ok(()) => None,
        Err(_) => Some(holder(&mut file)),
    }
}
