//! Finds the file in which a program records a session, and reads its last lines.

use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::adapters::files;
use crate::adapters::process::variables::Variables;

use super::vendor_cli::SessionFile;

/// The number of bytes to read from the end: the last turn's totals are a few lines.
const TAIL: u64 = 256 << 10;
/// The depth of folders: by year, month and day.
const DEEPEST: u32 = 4;

/// Returns the last whole lines of a session's file; empty if it does not exist.
pub(in crate::adapters::agents) fn last_lines(file: &SessionFile, variables: &Variables) -> Vec<String> {
    let home = |name: &str| variables.get(OsStr::new(name)).map(PathBuf::from);
    let folder = home(file.home).or_else(|| Some(home("HOME")?.join(file.usual)));
    let found = folder.and_then(|folder| find(&folder.join(file.folder), &file.ends_with, DEEPEST));
    found.and_then(|path| tail(&path)).unwrap_or_default()
}

/// Finds the file, in the most recent folders first: their names are dates.
fn find(folder: &Path, ends_with: &str, deeper: u32) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).ok()?.flatten();
    let (mut folders, mut files) = (Vec::new(), Vec::new());
    for entry in entries {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => folders.push(entry.path()),
            Ok(kind) if kind.is_file() => files.push(entry.path()),
            Ok(_) | Err(_) => {}
        }
    }
    let is_it =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(ends_with));
    if let Some(found) = files.into_iter().filter(is_it).max() {
        return Some(found);
    }
    folders.sort();
    let next = deeper.checked_sub(1)?;
    folders.into_iter().rev().find_map(|folder| find(&folder, ends_with, next))
}

fn tail(path: &Path) -> Option<Vec<String>> {
    let mut file = files::open_foreign(path).ok()?;
    let length = file.metadata().ok()?.len();
    let start = length.saturating_sub(TAIL);
    file.seek(SeekFrom::Start(start)).ok()?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    // The first line is incomplete, unless it is the start of the file.
    Some(text.lines().skip(usize::from(start > 0)).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_files_are_found_among_days() {
        let home = tempfile::tempdir().unwrap();
        for day in ["2026/11/20", "2026/11/21"] {
            let folder = home.path().join("sessions").join(day);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("rollout-other.jsonl"), "no\n").unwrap();
        }
        let long = format!("cut {}\nlast but one\nlast\n", "x".repeat(300 << 10));
        fs::write(home.path().join("sessions/2026/11/20/rollout-1-abc.jsonl"), long).unwrap();
        let file = |id: &str| SessionFile {
            home: "PROGRAM_HOME",
            usual: ".program",
            folder: "sessions",
            ends_with: format!("-{id}.jsonl"),
        };
        let variables = Variables::from([("PROGRAM_HOME".into(), home.path().into())]);
        assert_eq!(last_lines(&file("abc"), &variables), ["last but one", "last"]);
        assert!(last_lines(&file("unknown"), &variables).is_empty());
        assert!(last_lines(&file("abc"), &Variables::new()).is_empty());
    }
}
