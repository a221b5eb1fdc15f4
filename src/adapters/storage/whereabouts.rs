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
/// The file with the address of the repository on its forge, where that is not beside the checkout.
const ADDRESS: &str = "address";

/// A repository in the state folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whereabouts {
    pub folder: PathBuf,
    /// The last known path of its checkout.
    pub checkout: Option<PathBuf>,
    /// Its address on a forge that is not on this machine.
    pub address: Option<String>,
}

impl Whereabouts {
    /// Returns whether a run was started in the repository.
    pub fn has_subjects(&self) -> bool {
        fs::read_dir(self.folder.join("subjects")).is_ok_and(|mut entries| entries.next().is_some())
    }
}

/// Stores the path of a repository's checkout and its address on a forge that is not on this machine, if they have changed.
pub fn note(folders: &Folders, checkout: &Path, address: Option<&str>) -> Result<(), String> {
    let facts = [(FILE, Some(checkout)), (ADDRESS, address.map(Path::new))];
    for (name, value) in facts.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        let file = folders.root().join(name);
        if read(&file).is_ok_and(|known| known.as_deref() == Some(value)) {
            continue;
        }
        files::write_whole(&file, value.as_os_str().as_bytes())?;
    }
    Ok(())
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
        let address = read(&folder.join(ADDRESS))?.and_then(|text| text.into_os_string().into_string().ok());
        all.push(Whereabouts { checkout: read(&folder.join(FILE))?, address, folder });
    }
    all.sort_by(|one, other| one.folder.cmp(&other.folder));
    Ok(all)
}

/// The longest path that is read, in bytes.
const LONGEST: u64 = 1 << 16;

fn read(file: &Path) -> Result<Option<PathBuf>, String> {
    match files::read_bounded(file, LONGEST) {
        Ok(bytes) => Ok(Some(PathBuf::from(OsString::from_vec(bytes)))),
        // Other files in the folder are not repositories.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(format!("could not read {}: {error}", file.display())),
    }
}
