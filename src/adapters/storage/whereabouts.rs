//! The checkouts of the repositories in the state folder, for commands that run elsewhere.

use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::folders::Folders;
use crate::adapters::files;

/// The file in the state folder of a repository with the path of its checkout, in bytes: a path may be invalid UTF-8.
const FILE: &str = "checkout";

/// A repository in the state folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whereabouts {
    pub folder: PathBuf,
    /// The last known path of its checkout.
    pub checkout: Option<PathBuf>,
}

impl Whereabouts {
    /// Returns whether a run was started in the repository.
    pub fn has_subjects(&self) -> bool {
        fs::read_dir(self.folder.join("subjects")).is_ok_and(|mut entries| entries.next().is_some())
    }
}

/// Stores the path of a repository's checkout, if it has changed.
pub fn note(folders: &Folders, checkout: &Path) -> Result<(), String> {
    let file = folders.root().join(FILE);
    if read(&file).is_ok_and(|known| known.as_deref() == Some(checkout)) {
        return Ok(());
    }
    files::write_whole(&file, checkout.as_os_str().as_bytes())
}

/// Returns all repositories in the state folder of the program, in the order of their folders.
pub fn all(state: &Path) -> Result<Vec<Whereabouts>, String> {
    let folder = Folders::repositories(state);
    let unreadable = |error| format!("could not read {}: {error}", folder.display());
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(error)),
    };
    let mut all = Vec::new();
    for entry in entries {
        let folder = entry.map_err(unreadable)?.path();
        all.push(Whereabouts { checkout: read(&folder.join(FILE))?, folder });
    }
    all.sort_by(|one, other| one.folder.cmp(&other.folder));
    Ok(all)
}

fn read(file: &Path) -> Result<Option<PathBuf>, String> {
    match fs::read(file) {
        Ok(bytes) => Ok(Some(PathBuf::from(OsString::from_vec(bytes)))),
        // Other files in the folder are not repositories.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(format!("could not read {}: {error}", file.display())),
    }
}
