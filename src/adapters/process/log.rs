//! The raw log of a child: written as the output comes, for this user alone, capped.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The longest log, in bytes.
const LIMIT: u64 = 256 << 20;

/// An open log.
#[derive(Debug)]
pub struct Log {
    file: File,
    written: u64,
}

impl Log {
    /// Begins a log with the command line.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn create(path: &Path, line: &str) -> io::Result<Self> {
        let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(path)?;
        writeln!(file, "$ {line}")?;
        Ok(Self { file, written: 0 })
    }

    /// Writes what came. A full disk must not end a turn that goes well: what can't be written is left out.
    pub fn write(&mut self, chunk: &[u8]) {
        let before = self.written;
        self.written = before.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
        let result = if self.written <= LIMIT {
            self.file.write_all(chunk)
        } else if before <= LIMIT {
            self.file.write_all(b"\n[agent-loop: the log ends here, at 256 MiB]\n")
        } else {
            Ok(())
        };
        let _: io::Result<()> = result;
    }
}
