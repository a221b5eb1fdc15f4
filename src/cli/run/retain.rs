//! Removes expired files of idle subjects after a run. A failure to remove them is ignored.

use std::time::{Duration, SystemTime};

use crate::adapters::storage::folders::Folders;
use crate::adapters::storage::journals::FileJournals;
use crate::adapters::storage::lock;
use crate::adapters::storage::retention::{self, Limits};
use crate::cli::config::settings::Retention;
use crate::domain::subject::Subject;

const DAY: Duration = Duration::from_hours(24);

/// Removes expired files.
pub fn after_a_run(folders: &Folders, retention: &Retention) {
    let limits = Limits {
        logs_age: DAY * retention.logs_days,
        logs_bytes: u64::from(retention.logs_megabytes) << 20,
        journals_age: DAY * retention.journals_days,
    };
    let locks = folders.locks();
    let entries = std::fs::read_dir(folders.subjects()).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let is_free = |subject: &Subject| lock::who_holds(&FileJournals::lock_path(locks, subject)).is_none();
    let subjects: Vec<Subject> =
        names.filter_map(|name| Folders::subject_named(&name)).filter(is_free).collect();
    #[expect(clippy::disallowed_methods, reason = "the ages of files are taken from the same clock")]
    let now = SystemTime::now();
    for path in retention::outlived(folders, &subjects, limits, now) {
        // What cannot be removed now is tried again after the next run.
        let _: Result<(), String> = retention::remove(&path);
    }
}
