//! Finds what would stop a move of a checkout: files where it would put new ones, because git would overwrite an ignored file,
//! which exists nowhere else; and folders that this process may not change, where git would stop half-way.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use crate::adapters::git::disk::is_absence;
use crate::adapters::git::runner::{fields, os};

/// Paths with git's letter for the kind of difference.
pub(crate) type Statuses = BTreeMap<Vec<u8>, u8>;

/// Parses the output of `git diff-… --name-status -z`.
pub(crate) fn statuses(output: &[u8]) -> Statuses {
    let mut all = BTreeMap::new();
    let mut fields = fields(output);
    while let (Some(status), Some(path)) = (fields.next(), fields.next()) {
        all.insert(path.to_vec(), status.first().copied().unwrap_or_default());
    }
    all
}

/// Returns whether an untracked file or folder is in the place of a new file.
pub(crate) fn in_the_way(root: &Path, path: &[u8], moves: &Statuses) -> bool {
    let path: &OsStr = os(path);
    match fs::symlink_metadata(root.join(path)) {
        Ok(metadata) if metadata.is_dir() => return holds_more(root, Path::new(path), moves),
        Ok(_) => return true,
        Err(cause) if !is_absence(&cause) => return true,
        Err(_) => {}
    }
    Path::new(path).ancestors().skip(1).any(|ancestor| {
        let known = moves.get(ancestor.as_os_str().as_encoded_bytes()) == Some(&b'D');
        !known && fs::symlink_metadata(root.join(ancestor)).is_ok_and(|metadata| !metadata.is_dir())
    })
}

/// Returns a folder in which files move although this process may not write there.
pub(crate) fn unwritable(root: &Path, moves: &Statuses) -> Option<PathBuf> {
    let parents: BTreeSet<&Path> =
        moves.keys().filter_map(|path| Path::new::<OsStr>(os(path)).parent()).collect();
    let existing =
        |parent: &Path| parent.ancestors().map(|folder| root.join(folder)).find(|folder| folder.is_dir());
    let folders: BTreeSet<PathBuf> = parents.into_iter().filter_map(existing).collect();
    folders.into_iter().find(|folder| access(folder, Access::WRITE_OK | Access::EXEC_OK).is_err())
}

/// Returns whether a folder that is replaced by a file contains anything except files that the move removes.
fn holds_more(root: &Path, folder: &Path, moves: &Statuses) -> bool {
    let Ok(entries) = fs::read_dir(root.join(folder)) else {
        return true;
    };
    for entry in entries {
        let Ok(entry) = entry else { return true };
        let path = folder.join(entry.file_name());
        let file_goes = moves.get(path.as_os_str().as_encoded_bytes()) == Some(&b'D');
        let folder_goes =
            entry.file_type().is_ok_and(|kind| kind.is_dir()) && !holds_more(root, &path, moves);
        if !file_goes && !folder_goes {
            return true;
        }
    }
    false
}
