//! Checks a folder of objects to which an agent could write, before git reads it.

use std::fs;
use std::path::Path;

use crate::adapters::git::disk::is_plain_folder;
use crate::ports::workspace::WorkspaceError;

/// Accepts only regular files and folders: git would wait for a pipe, and follow a link.
pub(super) fn check_objects(folder: &Path) -> Result<(), WorkspaceError> {
    let odd = |path: &Path| {
        WorkspaceError::Git(format!(
            "{} is neither a regular file nor a folder; commits cannot be read",
            path.display()
        ))
    };
    if !is_plain_folder(folder) {
        return Err(odd(folder));
    }
    for entry in fs::read_dir(folder).map_err(|_| odd(folder))? {
        let entry = entry.map_err(|_| odd(folder))?;
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => check_objects(&entry.path())?,
            Ok(kind) if kind.is_file() => {}
            Ok(_) | Err(_) => return Err(odd(&entry.path())),
        }
    }
    Ok(())
}
