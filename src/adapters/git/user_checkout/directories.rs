//! The directories that a user names for agents: one run and one agent at a time may use each.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::fs::{Mode, OFlags, open};

use crate::adapters::git::clone::paths::ClonePaths;
use crate::adapters::git::disk::failed;
use crate::adapters::git::lock_holder;
use crate::adapters::process::time;
use crate::domain::agent::Role;
use crate::domain::ids::Label;
use crate::domain::roster::SeatKey;
use crate::ports::workspace::{CloneId, WorkspaceError};

use super::checkout::UserCheckout;
use super::explicit_directory::ExplicitDirectory;

/// A file in the checkout's git folder. The lock is that of the operating system, the text is for people.
const LOCK: &str = "agent-loop.lock";

/// The named directories, and those in use.
#[derive(Debug, Default)]
pub(crate) struct UserDirectories {
    given: BTreeMap<SeatKey, ExplicitDirectory>,
    /// The checkouts in use, by git folder. Each is locked for the rest of the run.
    held: Mutex<BTreeMap<PathBuf, HeldCheckout>>,
    entering: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct HeldCheckout {
    _lock: File,
    checkout: UserCheckout,
    /// The clone that the checkout replaces at this moment.
    clone_id: Option<CloneId>,
    is_known: bool,
}

impl UserDirectories {
    pub(crate) fn new(given: BTreeMap<SeatKey, ExplicitDirectory>) -> Self {
        Self { given, ..Self::default() }
    }

    pub(crate) fn of(&self, role: Role, label: &Label) -> Option<&ExplicitDirectory> {
        self.given.get(&SeatKey::new(role, label))
    }

    /// Reserves a checkout for an agent. Fails if another agent of this run, or another run, uses the checkout.
    pub(crate) async fn enter(
        &self,
        paths: &ClonePaths,
        checkout: &UserCheckout,
    ) -> Result<(), WorkspaceError> {
        // One at a time, or the second agent would mistake the lock of the first for that of another run.
        let _turn = self.entering.lock().await;
        if !self.held().contains_key(&checkout.paths.git) {
            let held = HeldCheckout {
                _lock: lock(checkout).await?,
                checkout: checkout.clone(),
                clone_id: None,
                is_known: false,
            };
            self.held().insert(checkout.paths.git.clone(), held);
        }
        let mut all = self.held();
        let Some(held) = all.get_mut(&checkout.paths.git) else { return Ok(()) };
        match &held.clone_id {
            Some(other) if *other != paths.id => Err(WorkspaceError::Held(format!(
                "{}: {} and {} cannot work there at the same time; give each its own directory, or ask one after the \
                 other (`--no-parallel-reviewers`)",
                checkout.paths.tree.display(),
                other.path(),
                paths.id.path(),
            ))),
            Some(_) | None => {
                held.clone_id = Some(paths.id.clone());
                Ok(())
            }
        }
    }

    pub(crate) fn leave(&self, paths: &ClonePaths, checkout: &UserCheckout) {
        if let Some(held) = self.held().get_mut(&checkout.paths.git)
            && held.clone_id.as_ref() == Some(&paths.id)
        {
            held.clone_id = None;
        }
    }

    /// Returns whether the checkout is known to belong to the repository.
    pub(crate) fn is_known(&self, checkout: &UserCheckout) -> bool {
        self.held().get(&checkout.paths.git).is_some_and(|held| held.is_known)
    }

    pub(crate) fn learn(&self, checkout: &UserCheckout) {
        if let Some(held) = self.held().get_mut(&checkout.paths.git) {
            held.is_known = true;
        }
    }

    /// Returns the paths of a directory as they were at its first use: an agent may have replaced them since.
    pub(crate) fn find(
        &self,
        given: &ExplicitDirectory,
        forge: &Path,
    ) -> Result<UserCheckout, WorkspaceError> {
        if let Some(held) = self.held().values().find(|held| held.checkout.is_the(given)) {
            return Ok(held.checkout.clone());
        }
        UserCheckout::find(given, forge)
    }

    fn held(&self) -> MutexGuard<'_, BTreeMap<PathBuf, HeldCheckout>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const TRIES: u32 = 50;
const PAUSE: Duration = Duration::from_millis(2);

/// Takes a lock. A child that is being started holds a copy of every lock of its parent for an instant, so one failure does
/// not mean that another process holds the lock.
async fn patient_lock(file: &File) -> Result<(), TryLockError> {
    for _ in 0..TRIES {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => time::wait(PAUSE).await,
            settled @ (Ok(()) | Err(TryLockError::Error(_))) => return settled,
        }
    }
    Err(TryLockError::WouldBlock)
}

async fn lock(checkout: &UserCheckout) -> Result<File, WorkspaceError> {
    let path = checkout.paths.git.join(LOCK);
    // An agent may have left a pipe or a link there, which must not be opened.
    if fs::symlink_metadata(&path).is_ok_and(|metadata| !metadata.is_file()) {
        return Err(checkout
            .unusable(&format!("has something other than a regular file at {}; remove it", path.display())));
    }
    let disk = |cause: std::io::Error| failed("lock", &path, &cause);
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mut file =
        open(&path, flags, Mode::from(0o600)).map(File::from).map_err(|cause| disk(cause.into()))?;
    match patient_lock(&file).await {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let who = lock_holder::read(&path)
                .map_or_else(|| "a process".to_owned(), |pid| format!("process {pid}"));
            return Err(WorkspaceError::Held(format!(
                "another agent-loop works in {}: {who} holds its lock; wait for it, or name another directory",
                checkout.paths.tree.display()
            )));
        }
        Err(TryLockError::Error(cause)) => return Err(disk(cause)),
    }
    lock_holder::note(&mut file).map_err(disk)?;
    Ok(file)
}
