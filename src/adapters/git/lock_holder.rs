//! The text of a lock file: the id of the process that holds the lock, for messages.

use std::fs::File;
use std::io::{self, Seek, Write};
use std::path::Path;

use super::disk::read_at_most;

/// The maximum length of a process id.
const BYTES: u64 = 64;

/// Writes to a lock file that this process holds the lock.
pub(crate) fn note(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(std::process::id().to_string().as_bytes())
}

/// Returns the process that holds the lock according to the lock file.
pub(crate) fn read(path: &Path) -> Option<u32> {
    String::from_utf8(read_at_most(path, BYTES)?).ok()?.trim().parse().ok()
}
