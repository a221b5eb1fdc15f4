//! Checks whether a folder of the program can be used, without changing anything.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access, statvfs};

/// The result of a check. The folder may not exist yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fitness {
    pub state: FolderState,
    /// The free space for this user in bytes, if it is known.
    pub free: Option<u64>,
}

/// Whether a folder can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FolderState {
    /// The folder exists, and this user can write to it.
    Writable { mode: u32 },
    /// The folder does not exist, and this user can create it.
    NotYet,
    /// This folder is not writable: the folder itself, or the nearest existing one above it.
    NotWritable(PathBuf),
    /// This path is not a folder: the path itself, or one above it.
    NoFolder(PathBuf),
    /// The folder belongs to another user.
    Foreign { owner: u32 },
}

/// Checks a folder.
pub fn look(path: &Path) -> Fitness {
    let Some((nearest, facts)) =
        path.ancestors().find_map(|place| Some((place, std::fs::metadata(place).ok()?)))
    else {
        return Fitness { state: FolderState::NotWritable(path.to_owned()), free: None };
    };
    let free = statvfs(nearest).ok().map(|facts| facts.f_bavail.saturating_mul(facts.f_frsize));
    let state = if !facts.is_dir() {
        FolderState::NoFolder(nearest.to_owned())
    } else if nearest == path && facts.uid() != rustix::process::geteuid().as_raw() {
        FolderState::Foreign { owner: facts.uid() }
    } else if access(nearest, Access::WRITE_OK | Access::EXEC_OK).is_err() {
        FolderState::NotWritable(nearest.to_owned())
    } else if nearest == path {
        FolderState::Writable { mode: facts.permissions().mode() & 0o777 }
    } else {
        FolderState::NotYet
    };
    Fitness { state, free }
}

/// Returns whether this process runs as root.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};

    use super::*;

    #[test]
    fn folder_states_are_distinguished() {
        let place = tempfile::tempdir().unwrap();
        let (here, file) = (place.path().join("here"), place.path().join("file"));
        fs::create_dir(&here).unwrap();
        fs::set_permissions(&here, Permissions::from_mode(0o750)).unwrap();
        fs::write(&file, "").unwrap();
        assert_eq!(look(&here).state, FolderState::Writable { mode: 0o750 });
        assert_eq!(look(&here.join("a/b")).state, FolderState::NotYet);
        assert_eq!(look(&file).state, FolderState::NoFolder(file.clone()));
        assert_eq!(look(&file.join("below")).state, FolderState::NoFolder(file));
        assert!(look(&here).free.is_some());
    }
}
