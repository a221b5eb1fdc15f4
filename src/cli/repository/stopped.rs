//! What the journal of a stopped run says: the quota that it waits for, the coder that was stopped with it, its cost, and what
//! lets a gate be measured.

use std::collections::BTreeMap;

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
            | Entry::Task { .. }
            | Entry::Inherited { .. } => {}
        }
    }
    waits.into_values().chain(limited).max_by_key(|parking| parking.resets_at)
}

/// Returns the cost of a run. The records of an interrupted run do not have its last turns.
pub(super) fn spent(here: &OpenRepository, subject: &Subject, run: Option<&RunState>) -> Usage {
    let Some(run) = run else { return Usage::default() };
    match (&run.ending, journals::read(&here.folders.journal(subject))) {
        (None, Ok(entries)) => results::interrupted(run, &entries),
        (Some(_), _) | (None, Err(_)) => run.usage,
    }
}

/// Returns the command that lets a gate be measured which could not be, as far as this machine knows.
pub(super) fn remedy(here: &OpenRepository, subject: &Subject, ending: &Ending) -> Option<String> {
    if *ending != Ending::Inconclusive {
        return None;
    }
    let entries = journals::read(&here.folders.journal(subject)).ok()?;
    let last = entries.iter().rev().find_map(|entry| {
        let Entry::Measured { measurement, .. } = entry else { return None };
        Some(measurement)
    });
    Some(last?.remedy.as_ref()?.command(subject))
}

fn last_run(entries: &[Entry]) -> Option<&RunId> {
    entries.iter().rev().find_map(|entry| {
        let (Entry::Attempt { turn, .. } | Entry::Finished { turn, .. }) = entry else { return None };
        Some(&turn.run)
    })
}
