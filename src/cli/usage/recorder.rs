//! Writes the usage summary of a run when it ends.

use std::fs;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use crate::adapters::clock::SystemClock;
use crate::adapters::storage::folders::Folders;
use crate::adapters::storage::journals;
use crate::cli::view::print;
use crate::domain::ending::{Ending, Refused};
use crate::domain::forge_calls::ForgeCalls;
use crate::domain::subject::Subject;
use crate::engine::outcome::Outcome;
use crate::ports::clock::Clock;
use crate::ports::journal::Entry;

use super::forge_calls;
use super::kept;
use super::summary::{CostSource, RunCost, summaries};

/// The tolerance for modification times of files.
const GRAIN: Duration = Duration::from_secs(2);

/// A running command whose usage summary will be written.
#[derive(Debug)]
pub struct UsageRecorder<'run> {
    folders: &'run Folders,
    ordered: &'run Subject,
    start: Timestamp,
}

impl<'run> UsageRecorder<'run> {
    /// Starts recording for the subject of a command.
    pub fn begin(folders: &'run Folders, ordered: &'run Subject) -> Self {
        Self { folders, ordered, start: SystemClock.now() }
    }

    /// Writes the summary of the run that has just ended, and adds its path to the outcome. An error is only a warning.
    #[must_use]
    pub fn end(&self, outcome: Outcome) -> Outcome {
        if outcome.ending == (Ending::Refused { reason: Refused::Locked }) {
            // The subject's run belongs to another process.
            return outcome;
        }
        let journals = touched(self, &outcome);
        let Some(mut summary) = ended(&journals, self.start, &outcome) else { return outcome };
        match forge_calls::add(self.folders, &summary.run, outcome.forge_calls) {
            Ok(all) => summary.forge_calls = all,
            Err(why) => print::talk(&format!("! cannot count the calls of the forge: {why}\n")),
        }
        let last = summary.calls.last().map(|call| &call.subject);
        match kept::write(
            &self.folders.logs(last.or(outcome.subject.as_ref()).unwrap_or(self.ordered)),
            &summary,
        ) {
            Ok(path) => Outcome { usage_summary: Some(path), ..outcome },
            Err(why) => {
                print::talk(&format!("! cannot write the usage summary: {why}\n"));
                outcome
            }
        }
    }
}

/// Returns the run that has ended: that of the outcome, or the latest with a call since the command started.
fn ended(journals: &[(Subject, Vec<Entry>)], since: Timestamp, outcome: &Outcome) -> Option<RunCost> {
    let all = summaries(journals);
    let latest = || {
        let with_end = |summary: &RunCost| Some((summary.calls.last()?.at, summary.run.clone()));
        all.iter().filter_map(with_end).filter(|(at, _)| *at >= since).max().map(|(_, run)| run)
    };
    let run = outcome.run.clone().or_else(latest)?;
    let found = all.into_iter().find(|summary| summary.run == run);
    let summary = found.unwrap_or(RunCost {
        run,
        calls: Vec::new(),
        records: outcome.usage,
        source: CostSource::Journals,
        forge_calls: ForgeCalls::default(),
    });
    Some(RunCost { records: outcome.usage, ..summary })
}

/// Returns the journals that may have turns of the run: those of its subjects, and of subjects linked by a handover.
fn touched(recorder: &UsageRecorder<'_>, outcome: &Outcome) -> Vec<(Subject, Vec<Entry>)> {
    let UsageRecorder { folders, ordered, start } = *recorder;
    let mut wanted = vec![ordered.clone()];
    wanted.extend(outcome.subject.clone());
    wanted.extend(outcome.view.pull_request.map(Subject::PullRequest));
    let mut found: Vec<(Subject, Vec<Entry>)> = Vec::new();
    while let Some(subject) = wanted.pop() {
        if found.iter().any(|(known, _)| *known == subject) {
            continue;
        }
        let entries = read(folders, &subject);
        wanted.extend(origins(&entries));
        found.push((subject, entries));
    }
    // The outcome of a run that failed in its pull request may not name it, but the journal does.
    let start = SystemTime::from(start).checked_sub(GRAIN).unwrap_or(SystemTime::UNIX_EPOCH);
    for subject in folders.known() {
        let modified = fs::metadata(folders.journal(&subject)).and_then(|facts| facts.modified());
        let is_new = modified.is_ok_and(|when| when >= start);
        if is_new && found.iter().all(|(known, _)| *known != subject) {
            let entries = read(folders, &subject);
            if origins(&entries).any(|origin| origin == *ordered) {
                found.push((subject, entries));
            }
        }
    }
    found
}

fn origins(entries: &[Entry]) -> impl Iterator<Item = Subject> {
    entries.iter().filter_map(|entry| {
        let Entry::Inherited { from, .. } = entry else { return None };
        from.clone()
    })
}

fn read(folders: &Folders, subject: &Subject) -> Vec<Entry> {
    journals::read(&folders.journal(subject)).unwrap_or_else(|error| {
        print::talk(&format!("! the usage of {subject} is incomplete: {error}\n"));
        Vec::new()
    })
}
