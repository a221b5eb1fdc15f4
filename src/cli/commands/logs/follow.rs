//! `logs --follow`: prints the logs of a run as they grow, until the run ends.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use crate::adapters::process::time;
use crate::cli::repository::logbook::{self, Log};
use crate::cli::repository::open::OpenRepository;
use crate::cli::view::print;
use crate::domain::subject::Subject;

use super::open_log::{LogForm, OpenLog, heading};

const LOOK: Duration = Duration::from_millis(200);

/// Prints the logs of the agents and gates at work as they grow, then those that follow, until the run of the subject ends. If
/// none is at work, the latest log comes first.
pub(super) async fn to_the_end(
    here: &OpenRepository,
    subject: &Subject,
    form: LogForm,
) -> Result<(), String> {
    let mut subjects = vec![subject.clone()];
    let mut followed: Option<FollowedLogs> = None;
    loop {
        let works = here.holder(subject).is_some();
        let now = worked_on(here, subject);
        if works && !now.is_empty() {
            subjects = now;
        }
        let mut logs: Vec<Log> = subjects.iter().flat_map(|subject| logbook::read(here, subject)).collect();
        logs.sort_by_key(|log| log.file.modified);
        followed.get_or_insert_with(|| FollowedLogs::after(&logs, form)).print(&logs)?;
        if !works {
            print::talk(&format!("the run of {subject} is no longer active\n"));
            return Ok(());
        }
        time::wait(LOOK).await;
    }
}

/// Returns the subjects on which the process of a run works: a run continues from an issue or a task to a pull request.
fn worked_on(here: &OpenRepository, subject: &Subject) -> Vec<Subject> {
    let Some(pid) = here.holder(subject).and_then(|holder| holder.pid) else { return vec![subject.clone()] };
    let is_its = |other: &Subject| here.holder(other).is_some_and(|holder| holder.pid == Some(pid));
    here.subjects().into_iter().filter(is_its).collect()
}

/// The logs that are printed as they grow: agents at work at once take turns, and each line is printed once.
struct FollowedLogs {
    form: LogForm,
    /// The logs that had ended before the first look.
    old: BTreeSet<PathBuf>,
    open: BTreeMap<PathBuf, OpenLog>,
    /// The log whose output was printed last.
    current: Option<PathBuf>,
}

impl FollowedLogs {
    /// Chooses the logs to follow from the first look, oldest first.
    fn after(logs: &[Log], form: LogForm) -> Self {
        let is_idle = !logs.iter().any(Log::is_at_work);
        let latest = logs.last().filter(|_| is_idle).map(|log| &log.file.path);
        let is_old = |log: &&Log| !log.is_at_work() && Some(&log.file.path) != latest;
        let old = logs.iter().filter(is_old).map(|log| log.file.path.clone()).collect();
        Self { form, old, open: BTreeMap::new(), current: None }
    }

    /// Prints what was added to the logs.
    fn print(&mut self, logs: &[Log]) -> Result<(), String> {
        let Self { form, old, open, current } = self;
        for log in logs.iter().filter(|log| !old.contains(&log.file.path)) {
            let path = &log.file.path;
            let headed = |current: &mut Option<PathBuf>| {
                if current.as_ref() != Some(path) {
                    print::talk(&format!("{}\n", heading(log, *form)));
                    *current = Some(path.clone());
                }
            };
            let open = match open.entry(path.clone()) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(unknown) => {
                    headed(current);
                    unknown.insert(OpenLog::of(log, *form)?)
                }
            };
            let is_whole = !log.is_at_work();
            while let Some(text) = open.next_line().or_else(|| is_whole.then(|| open.last_line()).flatten()) {
                if !text.is_empty() {
                    headed(current);
                    print::result(&text);
                }
            }
        }
        Ok(())
    }
}
