//! Private files and folders: 0700 and 0600, written whole or not at all.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use tempfile::TempDir;

/// Makes a folder, and the folders above it, for this user alone.
pub fn make_folder(path: &Path) -> Result<(), String> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| format!("could not make the folder {}: {error}", path.display()))
}

/// Makes a folder with a name that nobody knows, in one that can't be listed (but by root). It is removed when this is dropped.
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

/// Opens a file of this user alone for appending, making it if it is not there. Never follows a link, never waits for a pipe.
///
/// # Errors
/// When the disk says no, or it is no plain file.
pub fn append(path: &Path) -> io::Result<fs::File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let flags = i32::try_from(flags.bits()).map_err(io::Error::other)?;
    let mut options = OpenOptions::new();
    let file = options
        .create(true)
        .append(true)
        .read(true)
        .mode(0o600)
        .custom_flags(flags)
        .open(path)
        .map_err(plain)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(odd(io::ErrorKind::InvalidInput)) }
}

/// Removes a file or folder without following links, even if somebody took the permissions away. What is not there is gone.
///
/// # Errors
/// When the disk says no.
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

/// Gives back the permissions of a folder and of all folders in it. Links are not followed.
///
/// # Errors
/// When the disk says no.
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

fn odd(kind: io::ErrorKind) -> io::Error {
    io::Error::new(kind, "is no plain file, so it was not opened")
}

/// Returns the error of opening a link or a socket in words that say so.
fn plain(error: io::Error) -> io::Error {
    let is_odd =
        [Errno::LOOP, Errno::NXIO].iter().any(|odd| error.raw_os_error() == Some(odd.raw_os_error()));
    if is_odd { odd(io::ErrorKind::InvalidInput) } else { error }
}

/// Opens a plain file that somebody else may have exchanged for something else. Never follows a link, never waits for a pipe.
///
/// # Errors
/// When the disk says no; `InvalidInput` when it is no plain file, `IsADirectory` when it is a folder.
pub fn open_foreign(path: &Path) -> io::Result<fs::File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = rustix::fs::open(path, flags, Mode::empty());
    let file = fs::File::from(opened.map_err(|error| plain(error.into()))?);
    // What was opened is what is looked at: nobody can exchange it in between.
    let facts = file.metadata()?;
    if facts.is_dir() {
        return Err(odd(io::ErrorKind::IsADirectory));
    }
    if facts.is_file() { Ok(file) } else { Err(odd(io::ErrorKind::InvalidInput)) }
}

/// The content of such a file, and one byte more than the limit if there is more.
///
/// # Errors
/// As `open_foreign`, and when it can't be read.
pub fn read_bounded(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    open_foreign(path)?.take(limit.saturating_add(1)).read_to_end(&mut content)?;
    Ok(content)
}

/// What somebody else wrote into a file, closed to everybody else: nothing if there is none, and one byte more than the
/// limit if there is more.
///
/// # Errors
/// When it is no plain file (a link leads elsewhere, a pipe never ends), or can't be read; the text names the path.
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
            Err(format!("{} {error}", path.display()))
        }
        Err(error) => Err(format!("{} can't be read: {error}", path.display())),
    }
}

/// Writes a file of this user alone in place: a crash may leave a part of it.
pub fn write_over(path: &Path, content: &[u8]) -> Result<(), String> {
    let file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(path);
    let written = file.and_then(|mut file| file.write_all(content));
    written.map_err(|error| format!("could not write {}: {error}", path.display()))
}

/// Writes a file of this user alone: a reader sees the old content or the new, never a part.
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
