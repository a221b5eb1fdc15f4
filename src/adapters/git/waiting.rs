//! Waits for the lock file of a mirror without blocking other tasks, and names the process that holds the lock.

use std::fmt;
use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::adapters::files;
use crate::adapters::process::time::{self, Stopwatch};
use crate::ports::workspace::WorkspaceError;

use super::disk::failed;
use super::lock_holder;

/// The interval between attempts to take the lock.
const LOOK: Duration = Duration::from_millis(20);
/// The time after which a wait is reported.
const QUIET: Duration = Duration::from_secs(1);

/// Reports to a person which process is being waited for.
#[derive(Clone)]
pub struct WaitNotice(Arc<dyn Fn(String) + Send + Sync>);

impl WaitNotice {
    pub fn new(hear: impl Fn(String) + Send + Sync + 'static) -> Self {
        Self(Arc::new(hear))
    }

    pub(super) fn say(&self, text: String) {
        (self.0)(text);
    }
}

impl Default for WaitNotice {
    fn default() -> Self {
        Self::new(|_| {})
    }
}

impl fmt::Debug for WaitNotice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("WaitNotice")
    }
}

/// Reports work that takes longer than a second.
pub(super) async fn reported<T>(work: impl Future<Output = T>, notice: &WaitNotice, text: &str) -> T {
    let mut work = std::pin::pin!(work);
    tokio::select! {
        done = &mut work => return done,
        () = time::wait(QUIET) => notice.say(text.to_owned()),
    }
    work.await
}

/// Takes a lock file, no matter how long another process holds it. Dropping the future ends the wait.
pub(super) async fn lock(path: &Path, notice: &WaitNotice) -> Result<File, WorkspaceError> {
    let wrong = |cause: std::io::Error| failed("lock", path, &cause);
    let mut file = files::append(path).map_err(wrong)?;
    let (watch, mut told) = (Stopwatch::start(), false);
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::Error(cause)) => return Err(wrong(cause)),
            Err(TryLockError::WouldBlock) => {}
        }
        if !told && u128::from(watch.milliseconds()) >= QUIET.as_millis() {
            told = true;
            notice.say(format!(
                "waiting for {}, which fetches or pushes in the same repository ({})",
                holder(path),
                path.display()
            ));
        }
        time::wait(LOOK).await;
    }
    // The text is only for the notice of waiting processes.
    let _: std::io::Result<()> = lock_holder::note(&mut file);
    Ok(file)
}

/// Returns the process that a lock file names as its holder.
fn holder(path: &Path) -> String {
    lock_holder::read(path).map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
}
