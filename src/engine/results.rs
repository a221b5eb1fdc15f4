//! What the entries of a journal say: the results of turns, and the cost of a run that was interrupted.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::domain::roster::SeatKey;
use crate::domain::turn::TurnKey;
use crate::domain::usage::{Precision, Usage};
use crate::flow::results::{Results, Turn, TurnEnd};
use crate::flow::run::RunState;
use crate::ports::journal::{Entry, Finished};

/// Returns the results in the entries of a journal.
pub(super) fn results(entries: Vec<Entry>) -> Results {
    let mut results = Results::default();
    for entry in entries {
        take_in(&mut results, entry);
    }
    results
}

/// Returns the cost of an interrupted run. A turn that was cut off is a call of unknown cost; one that is asked again has begun
/// twice.
pub fn interrupted(run: &RunState, entries: &[Entry]) -> Usage {
    let mut begun: BTreeMap<&TurnKey, u64> = BTreeMap::new();
    let (mut ended, mut spent) = (BTreeSet::new(), Usage::default());
    for entry in entries {
        match entry {
            Entry::Attempt { turn, .. } if turn.run == run.id => *begun.entry(turn).or_default() += 1,
            Entry::Finished { turn, finished, .. } if turn.run == run.id && ended.insert(turn) => {
                spent = spent.plus(finished.usage());
                begun.entry(turn).and_modify(|count| *count = count.saturating_sub(1));
            }
            Entry::Attempt { .. }
            | Entry::Finished { .. }
            | Entry::Secret { .. }
            | Entry::Clarified { .. }
            | Entry::Measured { .. }
            | Entry::Record { .. }
            | Entry::Task { .. }
            | Entry::Stopped { .. }
            | Entry::Limited { .. }
            | Entry::Concluded { .. }
            | Entry::Inherited { .. } => {}
        }
    }
    let known = run.with_turns(spent);
    match begun.into_values().sum() {
        0 => known,
        calls => known.plus(Usage { calls, precision: Precision::Partial, ..Usage::default() }),
    }
}

/// Adds an entry to results.
pub(super) fn take_in(results: &mut Results, entry: Entry) {
    match entry {
        Entry::Attempt { turn, surfaced, .. } => {
            *results.attempts.entry(turn.clone()).or_default() += 1;
            results.surfaced.insert(turn, surfaced);
        }
        Entry::Finished { turn, finished, at } => {
            results.finish(turn, ended(finished, at));
        }
        Entry::Secret { secret } => results.nonce_secret = Some(secret),
        Entry::Clarified { turn, answers } => {
            results.clarifications.insert(turn, answers);
        }
        Entry::Measured { run, round, measurement } => results.measurements.push((run, round, measurement)),
        Entry::Inherited { label, role, turns, from } => {
            *results.finished.entry(SeatKey { role, label }).or_default() += turns;
            results.provenance.source = from.or(results.provenance.source.take());
        }
        Entry::Task { words } => results.provenance.task = Some(words),
        Entry::Record { .. } | Entry::Stopped { .. } | Entry::Limited { .. } | Entry::Concluded { .. } => {}
    }
}

fn ended(finished: Finished, at: Timestamp) -> Turn {
    match finished {
        Finished::Answered { raw, usage, model, commit, session, notes, form: _ } => Turn {
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
