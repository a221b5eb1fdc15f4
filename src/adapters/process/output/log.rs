//! The raw log of a child, written as the output arrives, for this user only. The middle of a very long log is left out.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::adapters::process::command::CommandLine;

/// The number of bytes to keep from the beginning.
const HEAD: u64 = 224 << 20;
/// The number of bytes to keep from the end: 256 MiB in total.
const END: u64 = 32 << 20;

/// An open log. It is complete when it is dropped.
#[derive(Debug)]
pub struct ChildLog {
    file: File,
    folder: PathBuf,
    /// The remaining space for the beginning.
    room: u64,
    end: Overflow,
    end_size: u64,
}

/// The output after the beginning.
#[derive(Debug)]
enum Overflow {
    None,
    /// Its end, in an unnamed file that is used as a ring buffer.
    Kept {
        ring: File,
        passed: u64,
    },
    Lost,
}

impl ChildLog {
    /// Creates a log with the command line, and the size of the prompt if there is one.
    pub fn create(path: &Path, line: &CommandLine) -> io::Result<Self> {
        let mut log = Self::with_room(path, HEAD, END)?;
        writeln!(log.file, "$ {}", line.shown())?;
        if let Some(prompt) = line.prompt_shown() {
            writeln!(log.file, "# prompt: {prompt}")?;
        }
        Ok(log)
    }

    fn with_room(path: &Path, room: u64, end_size: u64) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(path)?;
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        Ok(Self { file, folder, room, end: Overflow::None, end_size })
    }

    /// Writes output. A full disk must not end a successful turn: output that cannot be written is left out.
    pub fn write(&mut self, chunk: &[u8]) {
        let room = usize::try_from(self.room).unwrap_or(usize::MAX);
        let (head, rest) = chunk.split_at(room.min(chunk.len()));
        if !head.is_empty() {
            self.room = self.room.saturating_sub(size(head));
            let _: io::Result<()> = self.file.write_all(head);
        }
        if !rest.is_empty() && self.write_end(rest).is_err() {
            self.end = Overflow::Lost;
        }
    }

    fn write_end(&mut self, chunk: &[u8]) -> io::Result<()> {
        if matches!(&self.end, Overflow::None) {
            self.end = Overflow::Kept { ring: tempfile::tempfile_in(&self.folder)?, passed: 0 };
        }
        let Overflow::Kept { ring, passed } = &mut self.end else { return Ok(()) };
        let mut left = chunk;
        while !left.is_empty() {
            let at = *passed % self.end_size;
            let fits = usize::try_from(self.end_size - at).unwrap_or(usize::MAX).min(left.len());
            let (now, later) = left.split_at(fits);
            ring.write_all_at(now, at)?;
            *passed = passed.saturating_add(size(now));
            left = later;
        }
        Ok(())
    }

    /// The kernel copies from file to file, without using our memory.
    fn append_end(&mut self) -> io::Result<()> {
        match &mut self.end {
            Overflow::None => Ok(()),
            Overflow::Lost => self.file.write_all(b"\n[agent-loop: the rest could not be written]\n"),
            Overflow::Kept { ring, passed } => {
                let left_out = passed.saturating_sub(self.end_size);
                if left_out > 0 {
                    writeln!(self.file, "\n[agent-loop: {left_out} bytes are left out here]")?;
                    ring.seek(SeekFrom::Start(*passed % self.end_size))?;
                    io::copy(ring, &mut self.file)?;
                }
                ring.seek(SeekFrom::Start(0))?;
                let newest = if left_out > 0 { *passed % self.end_size } else { *passed };
                io::copy(&mut io::Read::take(&*ring, newest), &mut self.file)?;
                Ok(())
            }
        }
    }
}

impl Drop for ChildLog {
    fn drop(&mut self) {
        let _: io::Result<()> = self.append_end();
    }
}

fn size(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn beginning_and_end_are_kept(
            chunks in prop::collection::vec(prop::collection::vec(0_u8..255, 0..9), 0..12),
            (head, end) in (0_usize..20, 1_usize..9),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("log");
            let mut log = ChildLog::with_room(&path, head.try_into().unwrap(), end.try_into().unwrap()).unwrap();
            for chunk in &chunks {
                log.write(chunk);
            }
            drop(log);
            let all = chunks.concat();
            let expected = match all.len().checked_sub(head + end) {
                None | Some(0) => all,
                Some(left_out) => {
                    let mark = format!("\n[agent-loop: {left_out} bytes are left out here]\n");
                    [&all[..head], mark.as_bytes(), &all[all.len() - end..]].concat()
                }
            };
            prop_assert_eq!(std::fs::read(&path).unwrap(), expected);
            prop_assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        }
    }

    #[test]
    fn logs_begin_with_command_and_prompt() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let line = CommandLine::new("claude", "/", BTreeMap::new()).arguments(["-p"]);
        let begun = |line: &CommandLine| {
            drop(ChildLog::create(&path, line).unwrap());
            std::fs::read_to_string(&path).unwrap()
        };
        assert_eq!(begun(&line), "$ claude -p\n");
        assert_eq!(begun(&line.input("x".repeat(12))), "$ claude -p\n# prompt: 12 bytes on stdin\n");
    }
}
