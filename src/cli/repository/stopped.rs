//! What the journal of a stopped run says: the quota that it waits for, the coder that was stopped with it, its cost, and the
//! command that its outcome proposed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;

use jiff::Timestamp;

use crate::adapters::storage::journals;
use crate::domain::agent::Role;
use crate::domain::ending::{Ending, Parked};
use crate::domain::ids::{Label, RunId};
use crate::domain::instant::{utc, was_set_back};
use crate::domain::subject::Subject;
use crate::domain::turn::TurnKey;
use crate::domain::usage::Usage;
use crate::engine::results;
use crate::flow::run::RunState;
use crate::flow::run_effect::{self, RunEffect};
use crate::ports::journal::{Entry, Finished};

use super::open::OpenRepository;

/// The time for which a run is parked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parking {
    /// The time at which the quota was found to be used up.
    pub since: Timestamp,
    pub resets_at: Timestamp,
    pub reason: Parked,
}

impl Parking {
    /// Formats the reset time; a guess is marked as a guess.
    pub fn until(self) -> String {
        match self.reason {
            Parked::Quota | Parked::RateLimit => utc(self.resets_at),
            Parked::QuotaUnknown => format!("{} (a guess)", utc(self.resets_at)),
        }
    }

    /// Returns whether the run can be resumed. After the clock was set back, the remaining time is unknown, so the run is
    /// resumed.
    pub fn is_due(self, now: Timestamp) -> bool {
        self.resets_at <= now || was_set_back(self.since, now)
    }
}

/// The journal of a subject, which is read at most once.
pub(super) struct KnownJournal {
    path: PathBuf,
    entries: OnceLock<Result<Vec<Entry>, String>>,
}

impl KnownJournal {
    pub(super) fn of(here: &OpenRepository, subject: &Subject) -> Self {
        Self { path: here.folders.journal(subject), entries: OnceLock::new() }
    }

    /// Returns the entries; none if the subject has no journal.
    ///
    /// # Errors
    /// When the file cannot be read, or a line is damaged; the text names the line.
    pub(super) fn entries(&self) -> Result<&[Entry], String> {
        let read = || journals::read(&self.path).map_err(|error| error.to_string());
        self.entries.get_or_init(read).as_deref().map_err(Clone::clone)
    }

    /// Returns the cost of a run. The records of an interrupted run do not have its last turns.
    pub(super) fn spent(&self, run: Option<&RunState>) -> Usage {
        let Some(run) = run else { return Usage::default() };
        if run.ending.is_some() {
            return run.usage;
        }
        self.entries().map_or(run.usage, |entries| results::interrupted(run, entries))
    }

    /// Returns the command that the outcome of a run with this ending proposed, if the journal has it.
    pub(super) fn proposed(&self, ending: &Ending) -> Option<String> {
        let last = self.entries().ok()?.iter().rev().find_map(|entry| {
            let Entry::Concluded { ending, next } = entry else { return None };
            Some((ending, next))
        });
        let (_, next) = last.filter(|(concluded, _)| *concluded == ending)?;
        next.clone()
    }
}

/// Returns the coder whose last turn has begun and not ended.
pub(super) fn cut_off(entries: &[Entry]) -> Option<Label> {
    let last = entries.iter().rev().find(|entry| {
        let (Entry::Attempt { turn, .. } | Entry::Finished { turn, .. }) = entry else { return false };
        turn.role == Role::Coder
    });
    let Some(Entry::Attempt { turn, .. }) = last else { return None };
    Some(turn.label.clone())
}

/// Returns what the run waits for: the latest reset time of all agents out of quota that were not asked since. `None` if a
/// person stopped the run.
pub(super) fn awaited(entries: &[Entry]) -> Option<Parking> {
    let mut waits: BTreeMap<(Role, &Label), Parking> = BTreeMap::new();
    let mut limited: Option<Parking> = None;
    let last = last_run(entries);
    let is_of_the_last_run = |turn: &TurnKey| Some(&turn.run) == last;
    for entry in entries {
        match entry {
            Entry::Stopped { .. } => {
                waits.clear();
                limited = None;
            }
            Entry::Limited { at, until } => {
                limited = Some(Parking { since: *at, resets_at: *until, reason: Parked::RateLimit });
            }
            Entry::Attempt { turn, .. } => {
                waits.remove(&(turn.role, &turn.label));
                limited = None;
            }
            Entry::Finished { turn, finished: Finished::Failed { failure, .. }, at }
                if is_of_the_last_run(turn) =>
            {
                if let RunEffect::Park { resets_at, reason } = run_effect::of(failure) {
                    waits.insert((turn.role, &turn.label), Parking { since: *at, resets_at, reason });
                }
            }
            Entry::Finished { .. }
            | Entry::Secret { .. }
            | Entry::Clarified { .. }
            | Entry::Measured { .. }
            | Entry::Record { .. }
            | Entry::Concluded { .. }
            | Entry::Task { .. }
            | Entry::Inherited { .. } => {}
        }
    }
    waits.into_values().chain(limited).max_by_key(|parking| parking.resets_at)
}

fn last_run(entries: &[Entry]) -> Option<&RunId> {
    entries.iter().rev().find_map(|entry| {
        let (Entry::Attempt { turn, .. } | Entry::Finished { turn, .. }) = entry else { return None };
        Some(&turn.run)
    })
}
