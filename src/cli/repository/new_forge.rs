//! An embedded forge that a command has created, which is removed again if nothing was begun on it.

use std::path::PathBuf;

use crate::adapters::embedded_forge::store::Store;
use crate::adapters::storage::folders::Folders;
use crate::adapters::storage::retention;
use crate::cli::surroundings::Surroundings;

use super::Repository;

/// An embedded forge that did not exist before the command.
#[derive(Debug)]
pub struct NewForge {
    common: PathBuf,
    folders: Folders,
    cache: PathBuf,
}

impl NewForge {
    /// Describes the forge of a repository that had none.
    pub fn of(repository: &Repository, folders: &Folders, surroundings: &Surroundings) -> Self {
        let cache = folders.beneath(&surroundings.cache);
        Self { common: repository.common.clone(), folders: folders.clone(), cache }
    }

    /// Removes the forge and the state of its repository, unless an issue, a pull request or a subject exists. An error is
    /// ignored: an empty forge changes nothing for later commands.
    pub fn forget(self) {
        let Ok(store) = Store::open(&self.common) else { return };
        if self.folders.known().is_empty() && store.remove_empty() {
            for path in [self.folders.locks(), self.folders.root(), &self.cache] {
                let _: Result<(), String> = retention::remove(path);
            }
        }
    }
}
