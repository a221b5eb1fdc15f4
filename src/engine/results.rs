//! What the entries of a journal say: the results of turns, and counts of turns.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::agent::Role;
use crate::domain::ids::Label;
use crate::flow::results::{Results, Turn, TurnEnd};
use crate::ports::journal::{Entry, Finished};

/// Returns the number of turns of each role and label in entries, including inherited ones.
pub(super) fn turn_counts(entries: &[Entry]) -> BTreeMap<(Role, &Label), u32> {
    let mut counts = BTreeMap::new();
    for entry in entries {
        match entry {
            Entry::Finished { turn, .. } => *counts.entry((turn.role, &turn.label)).or_default() += 1,
            Entry::Inherited { label, role, turns, .. } => {
                *counts.entry((*role, label)).or_default() += turns;
            }
            Entry::Attempt { .. }
            | Entry::Secret { .. }
            | Entry::Clarified { .. }
            | Entry::Measured { .. }
            | Entry::Task { .. }
            | Entry::Stopped { .. }
            | Entry::Limited { .. }
            | Entry::Record { .. } => {}
        }
    }
    counts
}

/// Returns the results in the entries of a journal.
pub(super) fn results(entries: Vec<Entry>) -> Results {
    let mut results = Results::default();
    for entry in entries {
        take_in(&mut results, entry);
    }
    results
}

/// Adds an entry to results.
pub(super) fn take_in(results: &mut Results, entry: Entry) {
    match entry {
        Entry::Attempt { turn, surfaced, .. } => {
            *results.attempts.entry(turn.clone()).or_default() += 1;
            results.surfaced.insert(turn, surfaced);
        }
        Entry::Finished { turn, finished, at } => {
            results.running.remove(&turn);
            results.turns.insert(turn, ended(finished, at));
        }
        Entry::Secret { secret } => results.nonce_secret = Some(secret),
        Entry::Clarified { turn, answers } => {
            results.clarifications.insert(turn, answers);
        }
        Entry::Measured { run, round, measurement } => results.measurements.push((run, round, measurement)),
        Entry::Inherited { from: Some(from), .. } => results.provenance.source = Some(from),
        Entry::Task { words } => results.provenance.task = Some(words),
        Entry::Record { .. }
        | Entry::Inherited { from: None, .. }
        | Entry::Stopped { .. }
        | Entry::Limited { .. } => {}
    }
}

fn ended(finished: Finished, at: Timestamp) -> Turn {
    match finished {
        Finished::Answered { raw, usage, model, commit, session, notes } => Turn {
            end: TurnEnd::Answered { raw, commit, notes },
            usage,
            model,
            session: session.map(|note| *note),
            salvage: None,
            at,
        },
        Finished::Failed { failure, usage, salvage, model, .. } => {
            Turn { end: TurnEnd::Failed { failure }, usage, model, session: None, salvage, at }
        }
    }
}
