//! Operations on files and folders, with errors that name the path. Does not use git.

use std::fs;
use std::io;
use std::path::Path;

use crate::adapters::files;
use crate::ports::workspace::WorkspaceError;

/// Returns an error that names the operation and the path.
pub(super) fn failed(what: &str, path: &Path, cause: &io::Error) -> WorkspaceError {
    WorkspaceError::Disk(format!("could not {what} {}: {cause}", path.display()))
}

/// Creates a folder and its parents, accessible only to this user.
pub(super) fn make_folder(path: &Path) -> Result<(), WorkspaceError> {
    files::make_folder(path).map_err(WorkspaceError::Disk)
}

/// Writes a file completely or not at all.
pub(super) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), WorkspaceError> {
    let write = || -> io::Result<()> {
        let folder = path.parent().unwrap_or(Path::new("/"));
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        io::Write::write_all(&mut file, bytes)?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(|cause| failed("write", path, &cause))
}

/// Writes a private file in place.
pub(super) fn write_over(path: &Path, bytes: &[u8]) -> Result<(), WorkspaceError> {
    files::write_over(path, bytes).map_err(WorkspaceError::Disk)
}

/// Returns the content of a file of ours; `None` if it does not exist. Never follows a link, never waits for a pipe.
pub(super) fn read_file(path: &Path) -> Result<Option<Vec<u8>>, WorkspaceError> {
    match files::read_bounded(path, u64::MAX) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(cause) if is_absence(&cause) => Ok(None),
        Err(cause) => Err(failed("read", path, &cause)),
    }
}

/// Returns the content of a file that an agent may have made; `None` unless it is a regular file of at most this size.
pub(super) fn read_at_most(path: &Path, most: u64) -> Option<Vec<u8>> {
    let bytes = files::read_bounded(path, most).ok()?;
    (u64::try_from(bytes.len()).ok()? <= most).then_some(bytes)
}

/// Copies a file with its modification time, from which git derives the index entries that it must check again.
pub(super) fn copy_with_time(from: &Path, to: &Path) -> Result<(), WorkspaceError> {
    let copy = || -> io::Result<()> {
        let (mut source, mut target) = (files::open_foreign(from)?, files::overwrite(to)?);
        let facts = source.metadata()?;
        io::copy(&mut source, &mut target)?;
        target.set_permissions(facts.permissions())?;
        target.set_modified(facts.modified()?)
    };
    copy().map_err(|cause| failed("copy an index to", to, &cause))
}

/// Gives a file the modification time of another.
pub(super) fn copy_time(from: &Path, to: &Path) -> Result<(), WorkspaceError> {
    let copy = || -> io::Result<()> {
        let time = fs::symlink_metadata(from)?.modified()?;
        fs::OpenOptions::new().write(true).open(to)?.set_modified(time)
    };
    copy().map_err(|cause| failed("set the time of", to, &cause))
}

/// Renames a file, and replaces an existing one.
pub(super) fn rename(from: &Path, to: &Path) -> Result<(), WorkspaceError> {
    fs::rename(from, to).map_err(|cause| failed("rename", from, &cause))
}

/// Returns whether the path is a folder, and not a link to one.
pub(super) fn is_plain_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir())
}

/// Removes a file or folder without following links, even if an agent removed its permissions.
pub(super) fn remove(path: &Path) -> Result<(), WorkspaceError> {
    files::remove(path).map_err(|cause| failed("remove", path, &cause))
}

/// Removes anything but a regular file: git would wait for a pipe, and follow a link.
pub(super) fn remove_irregular(path: &Path) -> Result<(), WorkspaceError> {
    let is_irregular = fs::symlink_metadata(path).is_ok_and(|facts| !facts.is_file());
    if is_irregular { remove(path) } else { Ok(()) }
}

/// Removes pipes, sockets and devices from a working tree, and returns their paths. git would wait forever for a pipe named
/// `.gitignore`. Links are not followed; an unreadable folder is left to git.
pub(super) fn remove_special_files(tree: &Path) -> Vec<Vec<u8>> {
    let (mut removed, mut folders) = (Vec::new(), vec![tree.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            let path = entry.path();
            if kind.is_dir() {
                folders.push(path);
            } else if !kind.is_file() && !kind.is_symlink() && fs::remove_file(&path).is_ok() {
                removed.extend(
                    path.strip_prefix(tree).ok().map(|path| path.as_os_str().as_encoded_bytes().to_vec()),
                );
            }
        }
    }
    removed.sort();
    removed
}

/// Returns whether a path does not exist, because it or a parent is missing, or a parent is a file.
pub(super) fn is_absence(cause: &io::Error) -> bool {
    matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
