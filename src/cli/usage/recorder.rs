//! The file that says what a run cost: written when it ends, however it ends.

use std::fs;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use crate::adapters::clock::SystemClock;
use crate::adapters::storage::folders::Folders;
use crate::adapters::storage::journals;
use crate::cli::view::print;
use crate::domain::ending::{Ending, Refused};
use crate::domain::subject::Subject;
use crate::engine::outcome::Outcome;
use crate::ports::clock::Clock;
use crate::ports::journal::Entry;

use super::kept;
use super::summary::{CostSource, RunCost, summaries};

/// How much earlier a file may seem to be written than it was.
const GRAIN: Duration = Duration::from_secs(2);

/// A command that runs, and whose summary is to be written.
#[derive(Debug)]
pub struct UsageRecorder<'run> {
    folders: &'run Folders,
    ordered: &'run Subject,
    begun: Timestamp,
}

impl<'run> UsageRecorder<'run> {
    /// From now on, in these folders, for the subject that was named.
    pub fn begin(folders: &'run Folders, ordered: &'run Subject) -> Self {
        Self { folders, ordered, begun: SystemClock.now() }
    }

    /// Writes the summary of the run that has just ended, and tells the outcome where it lies. What can't be written is a warning: the run has ended as it has.
    #[must_use]
    pub fn end(&self, outcome: Outcome) -> Outcome {
        if outcome.ending == (Ending::Refused { reason: Refused::Locked }) {
            // What goes on there is the run of somebody else.
            return outcome;
        }
        let journals = touched(self, &outcome);
        let Some(summary) = ended(&journals, self.begun, &outcome) else { return outcome };
        let last = summary.calls.last().map(|call| &call.subject);
        match kept::write(&self.folders.logs(last.unwrap_or(&outcome.subject)), &summary) {
            Ok(path) => Outcome { usage_summary: Some(path), ..outcome },
            Err(why) => {
                print::talk(&format!("! the summary of what it cost: {why}\n"));
                outcome
            }
        }
    }
}

/// The run that has ended: the one that the outcome names, or the latest that has done anything since the command began.
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
    });
    Some(RunCost { records: outcome.usage, ..summary })
}

/// The journals that may hold turns of the run: of its subjects, and of those from which they came or to which they led.
fn touched(recorder: &UsageRecorder<'_>, outcome: &Outcome) -> Vec<(Subject, Vec<Entry>)> {
    let UsageRecorder { folders, ordered, begun } = *recorder;
    let mut wanted = vec![ordered.clone(), outcome.subject.clone()];
    wanted.extend(outcome.pull_request.map(Subject::PullRequest));
    let mut found: Vec<(Subject, Vec<Entry>)> = Vec::new();
    while let Some(subject) = wanted.pop() {
        if found.iter().any(|(known, _)| *known == subject) {
            continue;
        }
        let entries = read(folders, &subject);
        wanted.extend(origins(&entries));
        found.push((subject, entries));
    }
    // A run that failed in its pull request does not always say which that is; its journal does.
    let begun = SystemTime::from(begun).checked_sub(GRAIN).unwrap_or(SystemTime::UNIX_EPOCH);
    for subject in folders.known() {
        let modified = fs::metadata(folders.journal(&subject)).and_then(|facts| facts.modified());
        let is_new = modified.is_ok_and(|when| when >= begun);
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
        print::talk(&format!("! what {subject} cost can't be counted: {error}\n"));
        Vec::new()
    })
}
