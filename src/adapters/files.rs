//! Private files and folders: 0700 and 0600, written whole or not at all.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use serde::Serialize;
use tempfile::TempDir;

/// Creates a folder and its parents, accessible only to this user.
pub fn make_folder(path: &Path) -> Result<(), String> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| format!("could not make the folder {}: {error}", path.display()))
}

/// Creates a folder with an unguessable name, in a parent that only root can list. Dropping the value removes the folder.
pub fn make_hidden(parent: &Path) -> Result<TempDir, String> {
    make_folder(parent)?;
    let made = tempfile::Builder::new()
        .prefix("")
        .rand_bytes(24)
        .permissions(fs::Permissions::from_mode(0o700))
        .tempdir_in(parent)
        .and_then(|folder| {
            fs::set_permissions(parent, fs::Permissions::from_mode(0o300))?;
            Ok(folder)
        });
    made.map_err(|error| format!("could not make a folder in {}: {error}", parent.display()))
}

/// Opens a private file for appending, and creates it if it does not exist. Never follows a link, never waits for a pipe.
///
/// # Errors
/// When opening fails, or it is not a regular file.
pub fn append(path: &Path) -> io::Result<fs::File> {
    open_private(path, OpenOptions::new().append(true).read(true))
}

/// Opens a private file for writing without its old content. Never follows a link, never waits for a pipe.
///
/// # Errors
/// When opening fails, or it is not a regular file.
pub fn overwrite(path: &Path) -> io::Result<fs::File> {
    open_private(path, OpenOptions::new().write(true).truncate(true))
}

fn open_private(path: &Path, options: &mut OpenOptions) -> io::Result<fs::File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let flags = i32::try_from(flags.bits()).map_err(io::Error::other)?;
    let opened = options.create(true).mode(0o600).custom_flags(flags).open(path);
    let file = opened.map_err(explained)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(irregular(io::ErrorKind::InvalidInput)) }
}

/// Removes a file or folder without following links, even if its permissions were removed. It may be absent already.
///
/// # Errors
/// When the disk fails.
pub fn remove(path: &Path) -> io::Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(facts) if facts.is_dir() => fs::remove_dir_all(path).or_else(|_| {
            open_up(path)?;
            fs::remove_dir_all(path)
        }),
        Ok(_) => fs::remove_file(path),
        Err(cause) => Err(cause),
    };
    match removed {
        Err(cause) if matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(())
        }
        removed => removed,
    }
}

/// Restores the permissions of a folder and of all folders in it. Links are not followed.
///
/// # Errors
/// When the disk fails.
pub fn open_up(folder: &Path) -> io::Result<()> {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            open_up(&entry.path())?;
        }
    }
    Ok(())
}

fn irregular(kind: io::ErrorKind) -> io::Error {
    io::Error::new(kind, "not a regular file")
}

/// Converts the error for a link or a socket.
fn explained(error: io::Error) -> io::Error {
    let signs = [Errno::LOOP, Errno::NXIO].map(|sign| Some(sign.raw_os_error()));
    if signs.contains(&error.raw_os_error()) { irregular(io::ErrorKind::InvalidInput) } else { error }
}

/// Opens a regular file that somebody else may have replaced. Never follows a link, never waits for a pipe.
///
/// # Errors
/// When opening fails; `InvalidInput` when it is not a regular file, `IsADirectory` when it is a folder.
pub fn open_foreign(path: &Path) -> io::Result<fs::File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = rustix::fs::open(path, flags, Mode::empty());
    let file = fs::File::from(opened.map_err(|error| explained(error.into()))?);
    // The check is of the opened file, so that nobody can replace it in between.
    let facts = file.metadata()?;
    if facts.is_dir() {
        return Err(irregular(io::ErrorKind::IsADirectory));
    }
    if facts.is_file() { Ok(file) } else { Err(irregular(io::ErrorKind::InvalidInput)) }
}

/// Returns the content of such a file, with one byte more than the limit if it is longer.
///
/// # Errors
/// As `open_foreign`, and when reading fails.
pub fn read_bounded(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    open_foreign(path)?.take(limit.saturating_add(1)).read_to_end(&mut content)?;
    Ok(content)
}

/// Returns the content of a file that somebody else wrote, with one byte more than the limit if it is longer; empty if it
/// does not exist. Restricts the file to this user.
///
/// # Errors
/// When it is not a regular file, or cannot be read; the text names the path.
pub fn read_foreign(path: &Path, limit: usize) -> Result<Vec<u8>, String> {
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    let read = || -> io::Result<Vec<u8>> {
        let file = open_foreign(path)?;
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
        let mut content = Vec::new();
        file.take(limit.saturating_add(1)).read_to_end(&mut content)?;
        Ok(content)
    };
    match read() {
        Ok(content) => Ok(content),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::IsADirectory) => {
            // A message may be cut off: the reason comes first.
            Err(format!("{error}: {}", path.display()))
        }
        Err(error) => Err(format!("{} cannot be read: {error}", path.display())),
    }
}

/// Writes a private file in place: after a crash it may be incomplete.
pub fn write_over(path: &Path, content: &[u8]) -> Result<(), String> {
    let written = overwrite(path).and_then(|mut file| file.write_all(content));
    written.map_err(|error| format!("could not write {}: {error}", path.display()))
}

/// Writes a value as JSON into a private file in place: after a crash it may be incomplete.
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<(), String> {
    let written = overwrite(path).and_then(|file| {
        let mut file = io::BufWriter::with_capacity(1 << 16, file);
        serde_json::to_writer_pretty(&mut file, value)?;
        file.flush()
    });
    written.map_err(|error| format!("could not write {}: {error}", path.display()))
}

/// Writes a private file: a reader sees either the old or the new content, never a part.
pub fn write_whole(path: &Path, content: &[u8]) -> Result<(), String> {
    let write = || -> io::Result<()> {
        let folder = path.parent().ok_or_else(|| io::Error::other("no folder"))?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(content)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        fs::File::open(folder)?.sync_all()
    };
    write().map_err(|error| format!("could not write {}: {error}", path.display()))
}
