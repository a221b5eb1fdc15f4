//! What the entries of a journal say: the results of turns.

use jiff::Timestamp;

use crate::domain::roster::SeatKey;
use crate::flow::results::{Results, Turn, TurnEnd};
use crate::ports::journal::{Entry, Finished};

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
        Entry::Record { .. } | Entry::Stopped { .. } | Entry::Limited { .. } => {}
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
