//! Which repository a state folder belongs to, so that a command that was typed somewhere else finds it.

use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::folders::Folders;
use crate::adapters::files;

/// The file in the state folder of a repository that holds the path of its checkout, byte for byte: a path is no text.
const FILE: &str = "checkout";

/// A repository that the state folder knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whereabouts {
    pub folder: PathBuf,
    /// Where it was last seen, if that was noted.
    pub checkout: Option<PathBuf>,
}

impl Whereabouts {
    /// Whether anything was begun in it.
    pub fn has_subjects(&self) -> bool {
        fs::read_dir(self.folder.join("subjects")).is_ok_and(|mut entries| entries.next().is_some())
    }
}

/// Notes where a repository is. Writes nothing if that is known.
pub fn note(folders: &Folders, checkout: &Path) -> Result<(), String> {
    let file = folders.root().join(FILE);
    if read(&file).is_ok_and(|known| known.as_deref() == Some(checkout)) {
        return Ok(());
    }
    files::write_whole(&file, checkout.as_os_str().as_bytes())
}

/// All repositories that the state folder of the program knows, in the order of their folders.
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
        // What is no folder of a repository has none either.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(format!("could not read {}: {error}", file.display())),
    }
}
