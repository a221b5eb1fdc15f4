//! Decides which files of a repository's state folder have expired, and removes them. Subjects with a running process are
//! skipped.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::adapters::files;
use crate::domain::subject::Subject;

use super::folders::Folders;

/// The limits for kept files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The age at which logs and whole diffs are removed.
    pub logs_age: Duration,
    /// The size of all logs of a repository above which the oldest ones are removed, in bytes.
    pub logs_bytes: u64,
    /// The age at which the journal and the clones of an untouched subject are removed, and also the costs of removed ones.
    pub journals_age: Duration,
}

/// A raw log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFile {
    pub subject: Subject,
    pub path: PathBuf,
    pub bytes: u64,
    pub modified: SystemTime,
}

/// Returns the raw logs of subjects, oldest first.
pub fn logs(folders: &Folders, subjects: &[Subject]) -> Vec<LogFile> {
    let of = |subject: &Subject| {
        let entries = fs::read_dir(folders.logs(subject)).into_iter().flatten().flatten();
        let logs = entries.filter_map(|entry| {
            let facts = entry.metadata().ok().filter(fs::Metadata::is_file)?;
            let (path, modified) = (entry.path(), facts.modified().ok()?);
            Some(LogFile { subject: subject.clone(), path, bytes: facts.len(), modified })
        });
        logs.collect::<Vec<_>>()
    };
    let mut all: Vec<LogFile> = subjects.iter().flat_map(of).collect();
    all.sort_by(|one, other| (one.modified, &one.path).cmp(&(other.modified, &other.path)));
    all
}

/// Returns the expired files of these subjects. To remove them, see `remove`.
pub fn outlived(folders: &Folders, subjects: &[Subject], limits: Limits, now: SystemTime) -> Vec<PathBuf> {
    let is_older =
        |modified: SystemTime, age: Duration| now.duration_since(modified).is_ok_and(|since| since > age);
    let old = |folder: &Path, age: Duration| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let is_old = |path: &PathBuf| modified(path).is_some_and(|when| is_older(when, age));
        entries.filter(is_old).collect::<Vec<_>>()
    };
    let mut gone = Vec::new();
    for subject in subjects {
        if modified(&folders.journal(subject)).is_some_and(|when| is_older(when, limits.journals_age)) {
            gone.extend(everything(folders, subject));
        }
    }
    gone.extend(old(&folders.diffs(), limits.logs_age));
    gone.extend(old(&folders.usage(), limits.journals_age));
    let mut room = limits.logs_bytes;
    for log in logs(folders, subjects).into_iter().rev() {
        let fits = room.checked_sub(log.bytes);
        if is_older(log.modified, limits.logs_age) || fits.is_none() {
            gone.push(log.path);
        }
        room = fits.unwrap_or(0);
    }
    gone
}

/// Returns all files of a subject: its journal, its logs, its clones.
pub fn everything(folders: &Folders, subject: &Subject) -> [PathBuf; 3] {
    [folders.subject(subject), folders.logs(subject), clones(folders, subject)]
}

/// Returns the clones of a subject.
pub fn clones(folders: &Folders, subject: &Subject) -> PathBuf {
    folders.clones().join(subject.to_string())
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|facts| facts.modified()).ok()
}

/// Returns the size of a file, or of all files in a folder. Links are not followed.
pub fn size(path: &Path) -> u64 {
    let Ok(facts) = fs::symlink_metadata(path) else { return 0 };
    if !facts.is_dir() {
        return facts.len();
    }
    fs::read_dir(path).into_iter().flatten().flatten().map(|entry| size(&entry.path())).sum()
}

/// Removes a file, or a folder with all of its content. It is not an error if the path does not exist.
pub fn remove(path: &Path) -> Result<(), String> {
    files::remove(path).map_err(|error| format!("could not remove {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    /// Creates a subject with a journal and three logs of ten bytes, an hour apart; the youngest is as old as the journal.
    fn scene(root: &Path) -> (Folders, Vec<Subject>, SystemTime, Vec<PathBuf>) {
        let folders = Folders::new(root, "repository");
        let subject: Subject = "pr/7".parse().unwrap();
        fs::create_dir_all(folders.logs(&subject)).unwrap();
        fs::write(folders.journal(&subject), "").unwrap();
        let written = modified(&folders.journal(&subject)).unwrap();
        let logs = (0..3_u32).map(|hours| {
            let path = folders.logs(&subject).join(format!("{hours}.log"));
            fs::write(&path, "0123456789").unwrap();
            let age = Duration::from_hours(1) * (2 - hours);
            fs::File::options().append(true).open(&path).unwrap().set_modified(written - age).unwrap();
            path
        });
        let logs = logs.collect();
        (folders, vec![subject], written, logs)
    }

    #[test]
    fn oldest_logs_go_first() {
        let root = tempfile::tempdir().unwrap();
        let (folders, subjects, written, logs) = scene(root.path());
        let gone = |logs_bytes, now| {
            let limits = Limits { logs_age: 30 * DAY, logs_bytes, journals_age: 180 * DAY };
            outlived(&folders, &subjects, limits, now)
        };
        assert_eq!(gone(30, written), Vec::<PathBuf>::new());
        assert_eq!(gone(25, written), logs[..1]);
        assert_eq!(gone(9, written).len(), 3);
        assert_eq!(gone(30, written + 31 * DAY).len(), 3);
    }

    #[test]
    fn usage_expires_like_journals() {
        let root = tempfile::tempdir().unwrap();
        let folders = Folders::new(root.path(), "repository");
        fs::create_dir_all(folders.usage()).unwrap();
        let file = folders.usage().join("run-usage-summary.json");
        fs::write(&file, "").unwrap();
        let written = modified(&file).unwrap();
        let limits = Limits { logs_age: 30 * DAY, logs_bytes: 30, journals_age: 180 * DAY };
        assert_eq!(outlived(&folders, &[], limits, written + 179 * DAY), Vec::<PathBuf>::new());
        assert_eq!(outlived(&folders, &[], limits, written + 181 * DAY), [file]);
    }

    #[test]
    fn idle_subjects_go_as_a_whole() {
        let root = tempfile::tempdir().unwrap();
        let (folders, subjects, written, _) = scene(root.path());
        let limits = Limits { logs_age: 30 * DAY, logs_bytes: 30, journals_age: 180 * DAY };
        let gone = outlived(&folders, &subjects, limits, written + 181 * DAY);
        assert!(gone.contains(&folders.subject(&subjects[0])), "{gone:?}");
        for path in gone {
            remove(&path).unwrap();
        }
        assert!(!folders.subject(&subjects[0]).exists());
    }
}
