//! One subject under its lock: its journal, what that journal holds, and the records that this engine has seen.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::agent::Role;
use crate::domain::ending::Failed;
use crate::domain::failure::TurnFailure;
use crate::domain::ids::{CommitSha, Label, RecordId, RunId};
use crate::domain::subject::Subject;
use crate::domain::turn::{SessionNote, TurnKey};
use crate::flow::observed::{Obstacle, Results, Turn, TurnEnd};
use crate::flow::request::ReviewSessions;
use crate::flow::step::Ask;
use crate::ledger::record::Draft;
use crate::ports::journal::{Entry, Finished, Journal, JournalError};
use crate::ports::run_event::RunEvent;

use super::outcome::RunError;
use super::publish::TRIES;

/// Who spoke, and on which head.
pub(super) type Speaker<'record> = (Role, &'record Label, &'record CommitSha);

/// One subject under its lock.
pub(super) struct Session<J> {
    pub(super) subject: Subject,
    /// Its journal; open, so the lock is held.
    pub(super) journal: Arc<J>,
    /// What the journal holds, and what runs.
    pub(super) results: Results,
    /// What the journal says of where the subject came from.
    pub(super) provenance: Provenance,
    /// The ids of the records that were there or were published by this engine; absent before the first look.
    pub(super) known: Option<Vec<RecordId>>,
    /// What could not be done.
    pub(super) obstacle: Option<Obstacle>,
    /// Since when a board of checks is awaited.
    pub(super) waiting_since: Option<Timestamp>,
    /// The commit that this engine pushed last: the mirror has it already.
    pub(super) pushed: Option<CommitSha>,
    /// How many writes in a row went unanswered and did not happen.
    pub(super) unanswered: u32,
    /// The round that was last told to the operator.
    pub(super) told_round: u32,
    /// What was last told to the operator of items and cost.
    pub(super) told_counts: Option<RunEvent>,
    /// Of whom it was told that no cost is known.
    pub(super) told_unpriced: BTreeSet<(Role, Label)>,
}

impl<J: Journal> Session<J> {
    /// A session on an open journal.
    pub(super) fn new(subject: Subject, journal: J) -> Self {
        let mut results = Results::default();
        let mut provenance = Provenance::default();
        for entry in journal.entries() {
            provenance.learn(&entry);
            take_in(&mut results, entry);
        }
        Self {
            subject,
            journal: Arc::new(journal),
            results,
            provenance,
            known: None,
            obstacle: None,
            waiting_since: None,
            pushed: None,
            unanswered: 0,
            told_round: 0,
            told_counts: None,
            told_unpriced: BTreeSet::new(),
        }
    }

    /// Writes an entry, and takes it in.
    pub(super) async fn write(&mut self, entry: Entry) -> Result<(), JournalError> {
        self.journal.append(entry.clone()).await?;
        self.provenance.learn(&entry);
        take_in(&mut self.results, entry);
        Ok(())
    }

    /// A write went unanswered. Whether it happened is seen by looking; if it does not happen again and again, the run
    /// can't go on.
    pub(super) fn miss_an_answer(&mut self, what: &str, why: &str) -> Result<(), RunError> {
        self.unanswered += 1;
        if self.unanswered < TRIES {
            return Ok(());
        }
        let message = format!("could not {what} in {TRIES} tries: {why}");
        Err(RunError::failed(Failed::Forge, message))
    }

    /// Takes in an entry that a turn's task has written.
    pub(super) fn learn(&mut self, entry: Entry) {
        take_in(&mut self.results, entry);
    }

    /// How many turns of this role and label the journal holds, with those of the subject that this one came from.
    pub(super) fn finished_turns(&self, role: Role, label: &Label) -> u32 {
        let counts = |entry: Entry| match entry {
            Entry::Finished { turn, .. } if turn.role == role && turn.label == *label => 1,
            Entry::Inherited { label: whose, role: which, turns, .. } if which == role && whose == *label => {
                turns
            }
            Entry::Finished { .. }
            | Entry::Inherited { .. }
            | Entry::Attempt { .. }
            | Entry::Clarified { .. }
            | Entry::Measured { .. }
            | Entry::Task { .. }
            | Entry::Stopped { .. }
            | Entry::Record { .. } => 0,
        };
        self.journal.entries().into_iter().map(counts).sum()
    }

    /// The session of this agent's last turn in this role: a coder's always, a reviewer's if that was asked for. With another
    /// model begins another session.
    pub(super) fn to_go_on_with(&self, ask: &Ask, reviewers: ReviewSessions) -> Option<SessionNote> {
        let goes_on = match (ask.key.role, reviewers) {
            (Role::Coder, _) | (Role::Reviewer, ReviewSessions::Resume) => true,
            (Role::Reviewer, ReviewSessions::Fresh) | (Role::Repair, _) => false,
        };
        let last = || self.last_session((ask.key.role, &ask.key.label), &ask.key.head);
        let same_model = |note: &SessionNote| ask.model.is_none() || ask.model == note.model;
        goes_on.then(last).flatten().filter(same_model)
    }

    /// The session of the last turn of this role and label, if that turn left one, and if this head is how it left the
    /// files: a session that remembers other files believes that it has done what is not there.
    fn last_session(&self, (role, label): (Role, &Label), head: &CommitSha) -> Option<SessionNote> {
        let theirs = self.results.turns.iter().filter(|(key, _)| key.role == role && key.label == *label);
        let (key, turn) = theirs.max_by_key(|(_, turn)| turn.at)?;
        let left = match (&turn.end, role) {
            (TurnEnd::Answered { commit, .. }, Role::Coder) => commit.as_ref().unwrap_or(&key.head),
            // Whoever only reads knows that the files may be others now.
            (TurnEnd::Answered { .. }, Role::Reviewer | Role::Repair) => head,
            (TurnEnd::Failed { .. }, _) => return None,
        };
        turn.session.clone().filter(|_| left == head)
    }

    /// The commits that turns of a run have made.
    pub(super) fn commits_of(&self, run: &RunId) -> Vec<CommitSha> {
        let made = |turn: &Turn| match &turn.end {
            TurnEnd::Answered { commit, .. } => commit.clone(),
            TurnEnd::Failed { .. } => None,
        };
        let ours = self.results.turns.iter().filter(|(key, _)| key.run == *run);
        ours.filter_map(|(_, turn)| made(turn)).collect()
    }

    /// Whether turns were inherited already.
    pub(super) fn has_inherited(&self) -> bool {
        self.journal.entries().iter().any(|entry| matches!(entry, Entry::Inherited { .. }))
    }

    /// Every role and label that has finished turns here.
    pub(super) fn who_finished(&self) -> Vec<(Role, Label)> {
        let mut who: Vec<(Role, Label)> =
            self.results.turns.keys().map(|turn| (turn.role, turn.label.clone())).collect();
        who.sort();
        who.dedup();
        who
    }

    /// The bodies of the records that live in the journal.
    pub(super) fn local_records(&self) -> Vec<String> {
        self.journal.entries().into_iter().filter_map(Entry::into_record).collect()
    }

    /// The key of the finished turn that a record of this run and round was made from: who spoke, and on which head.
    pub(super) fn turn_of(&self, draft: &Draft, (role, label, head): Speaker<'_>) -> Option<TurnKey> {
        let fits = |key: &&TurnKey| {
            key.run == draft.run
                && key.round == draft.round
                && key.role == role
                && key.label == *label
                && key.head == *head
        };
        self.results.turns.keys().rev().find(fits).cloned()
    }
}

/// Where a pull request came from, as far as this machine knows.
#[derive(Debug, Default)]
pub(super) struct Provenance {
    pub(super) subject: Option<Subject>,
    /// The words of the task.
    pub(super) words: Option<String>,
}

impl Provenance {
    fn learn(&mut self, entry: &Entry) {
        match entry {
            Entry::Inherited { from: Some(from), .. } => self.subject = Some(from.clone()),
            Entry::Task { words } => self.words = Some(words.clone()),
            Entry::Inherited { from: None, .. }
            | Entry::Attempt { .. }
            | Entry::Finished { .. }
            | Entry::Clarified { .. }
            | Entry::Measured { .. }
            | Entry::Stopped { .. }
            | Entry::Record { .. } => {}
        }
    }
}

fn take_in(results: &mut Results, entry: Entry) {
    match entry {
        Entry::Attempt { turn, surfaced, .. } => {
            *results.attempts.entry(turn.clone()).or_default() += 1;
            results.surfaced.insert(turn, surfaced);
        }
        Entry::Finished { turn, finished, at } => {
            results.running.remove(&turn);
            results.turns.insert(turn, ended(finished, at));
        }
        Entry::Clarified { turn, answers } => {
            results.clarifications.insert(turn, answers);
        }
        Entry::Measured { run, round, measurement } => results.measurements.push((run, round, measurement)),
        Entry::Record { .. } | Entry::Inherited { .. } | Entry::Task { .. } | Entry::Stopped { .. } => {}
    }
}

fn ended(finished: Finished, at: Timestamp) -> Turn {
    match finished {
        Finished::Answered { raw, usage, model, commit, session } => Turn {
            end: TurnEnd::Answered { raw, commit },
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

/// An answer that does not fit into a record counts as malformed.
pub(super) fn too_long(bytes: usize) -> TurnFailure {
    TurnFailure::Malformed { complaints: vec![format!("too long: its record takes {bytes} bytes")] }
}
