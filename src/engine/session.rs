//! One subject under its lock: its journal, what that journal holds, the machine of its flow, and what was looked up.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::agent::Role;
use crate::domain::ending::{Ending, Failed, NeedsHuman, Refused};
use crate::domain::flow_name::FlowName;
use crate::domain::ids::{ChainHash, CommitSha, Label, RecordId, RunId};
use crate::domain::subject::Subject;
use crate::domain::turn::SessionNote;
use crate::flow;
use crate::flow::ask::Ask;
use crate::flow::context::Obstacle;
use crate::flow::facts::FlowFacts;
use crate::flow::machine::{Machine, Objection};
use crate::flow::request::ReviewSessions;
use crate::flow::results::{Results, Turn, TurnEnd};
use crate::ledger::thread::{ChainReading, IgnoreReason, IgnoredComment, Link};
use crate::ports::forge::ForgeError;
use crate::ports::journal::{Entry, Finished, Journal, JournalError};

use super::emitted::EmittedEvents;
use super::outcome::RunError;
use super::thread::CachedThread;

/// How often a write that went unanswered is tried again, after a look whether it happened.
pub(super) const TRIES: u32 = 3;

/// Whether something that was looked up may have changed since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Freshness {
    /// It has to be looked up before anything is decided.
    Missing,
    /// A step took its time: what begins a turn or ends the run is not decided on it.
    Stale,
    Fresh,
}

/// One subject under its lock.
pub(super) struct Session<J> {
    pub(super) subject: Subject,
    pub(super) flow: FlowName,
    pub(super) machine: Box<dyn Machine>,
    applied: Vec<Link>,
    /// The journal; open, so the lock is held.
    pub(super) journal: Arc<J>,
    pub(super) results: Results,
    /// The id that a new run gets.
    pub(super) fresh_run: RunId,
    /// The text of the task, if the run is about one and a person gave it.
    pub(super) task: Option<String>,
    pub(super) thread: CachedThread,
    /// The threads of other subjects that were read for this one.
    pub(super) others: BTreeMap<Subject, CachedThread>,
    pub(super) facts: FlowFacts,
    pub(super) facts_are: Freshness,
    pub(super) thread_is: Freshness,
    /// The end of the chain, once it was read.
    pub(super) tail: Option<ChainHash>,
    /// The ids of the records that were there at first or were published by this engine; absent before the first look.
    known: Option<BTreeSet<RecordId>>,
    pub(super) pending: Option<PendingRecord>,
    /// What could not be done.
    pub(super) obstacle: Option<Obstacle>,
    /// Since when a board of checks is awaited.
    pub(super) waiting_since: Option<Timestamp>,
    /// A commit that the mirror has: the one that this engine pushed last, or the head when the mirror was last brought up to
    /// date.
    pub(super) mirrored: Option<CommitSha>,
    /// How many writes in a row went unanswered and did not happen.
    pub(super) unanswered: u32,
    pub(super) emitted: EmittedEvents,
}

/// A record that was written and not seen yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PendingRecord {
    pub(super) id: RecordId,
    /// Why the forge gave no answer, if it gave none.
    pub(super) unanswered: Option<String>,
}

/// What reading a chain on led to.
pub(super) enum ReadOn {
    /// The chain was read for the first time; these comments claim to be records and do not count.
    First(Vec<IgnoredComment>),
    Again,
}

impl<J: Journal> Session<J> {
    /// A session on an open journal; absent where no flow of this name is about such a subject.
    pub(super) fn new(flow: FlowName, subject: Subject, journal: J, fresh_run: RunId) -> Option<Self> {
        let machine = flow::begin(&flow, &subject)?;
        let results = results(journal.entries());
        Some(Self {
            subject,
            flow,
            machine,
            applied: Vec::new(),
            journal: Arc::new(journal),
            results,
            fresh_run,
            task: None,
            thread: CachedThread::default(),
            others: BTreeMap::new(),
            facts: FlowFacts::default(),
            facts_are: Freshness::Fresh,
            thread_is: Freshness::Missing,
            tail: None,
            known: None,
            pending: None,
            obstacle: None,
            waiting_since: None,
            mirrored: None,
            unanswered: 0,
            emitted: EmittedEvents::default(),
        })
    }

    pub(super) fn is_known(&self) -> bool {
        self.known.is_some()
    }

    /// Whether any record of ours stands in the thread.
    pub(super) fn has_records(&self) -> bool {
        self.applied.iter().any(|link| matches!(link, Link::Record(_)))
    }

    /// A step took its time: facts and thread may have changed since.
    pub(super) fn time_has_passed(&mut self) {
        self.facts_are = Freshness::Stale;
        self.thread_is = Freshness::Stale;
    }

    /// Drops what may have changed. What an older tool left and the checks of earlier heads are looked at once.
    pub(super) fn drop_facts(&mut self) {
        let FlowFacts { checks, older, .. } = std::mem::take(&mut self.facts);
        self.facts = FlowFacts { checks, older, ..FlowFacts::default() };
        self.others.clear();
        self.facts_are = Freshness::Fresh;
    }

    /// Takes in what the thread holds now.
    ///
    /// # Errors
    /// When a record is there that this engine did not publish, or that another version wrote; when a write got lost too often.
    pub(super) fn take_in(&mut self, reading: ChainReading) -> Result<ReadOn, RunError> {
        if let Some(version) = reading.newer {
            let message = format!(
                "the thread of {} holds records of format {version}, and this program writes format 1: use a newer agent-loop",
                self.subject
            );
            return Err(RunError::refused(Refused::Unsupported, message));
        }
        let ids: BTreeSet<RecordId> = reading.records().map(|record| record.id.clone()).collect();
        let first = self.known.is_none();
        match &self.known {
            None => self.known = Some(ids),
            Some(known) => self.compare(&known.clone(), &ids)?,
        }
        let ChainReading { links, tail, ignored, newer: _ } = reading;
        let illegal = self.apply(links)?;
        self.tail = Some(tail);
        self.facts.people.remove(&self.subject);
        Ok(if first { ReadOn::First(ignored.into_iter().chain(illegal).collect()) } else { ReadOn::Again })
    }

    /// A record that is there and is not ours stops the run; one of ours that is not there is written again.
    fn compare(&mut self, known: &BTreeSet<RecordId>, ids: &BTreeSet<RecordId>) -> Result<(), RunError> {
        let pending = self.pending.take();
        let is_ours =
            |id: &&RecordId| known.contains(*id) || pending.as_ref().is_some_and(|one| one.id == **id);
        let foreign = ids.iter().find(|id| !is_ours(id));
        match (foreign, pending) {
            (Some(_), Some(_)) => {
                let message = "another engine published first; this one stops";
                Err(RunError::failed(Failed::Superseded, message))
            }
            (Some(foreign), None) => {
                let message = format!(
                    "a record ({foreign}) stands in the thread of {} that this engine did not publish: another engine may be at work, or somebody forges. Look at the thread, then run the same command again",
                    self.subject
                );
                let ending = Ending::NeedsHuman { reason: NeedsHuman::ForeignRecord };
                Err(RunError { ending, message })
            }
            (None, Some(pending)) if ids.contains(&pending.id) => {
                self.unanswered = 0;
                self.known.get_or_insert_default().insert(pending.id);
                Ok(())
            }
            (None, Some(pending)) => {
                let why = pending.unanswered.unwrap_or_else(|| "the forge does not show it".to_owned());
                self.miss_an_answer("publish a record", &why)
            }
            (None, None) => Ok(()),
        }
    }

    /// Applies what is new in a chain; the whole chain again where it is no longer what it was.
    fn apply(&mut self, links: Vec<Link>) -> Result<Vec<IgnoredComment>, RunError> {
        if links.get(..self.applied.len()) != Some(self.applied.as_slice()) {
            let Some(machine) = flow::begin(&self.flow, &self.subject) else { return Ok(Vec::new()) };
            self.machine = machine;
            self.applied.clear();
        }
        let mut illegal = Vec::new();
        for link in links.iter().skip(self.applied.len()) {
            match self.machine.apply(link) {
                Ok(()) => {}
                Err(Objection::Illegal { record, illegal: why }) => {
                    illegal.push(IgnoredComment {
                        comment: record,
                        why: IgnoreReason::Damaged(why.to_string()),
                    });
                }
                Err(objection @ Objection::Foreign { .. }) => {
                    let message = format!(
                        "the thread of {} holds a record of another version: {objection}; use that version, or a newer one",
                        self.subject
                    );
                    return Err(RunError::refused(Refused::Unsupported, message));
                }
            }
        }
        self.applied = links;
        Ok(illegal)
    }

    pub(super) async fn write(&mut self, entry: Entry) -> Result<(), JournalError> {
        self.journal.append(entry.clone()).await?;
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

    /// A write to the forge failed. One that got no answer may have happened.
    pub(super) fn write_failed(&mut self, what: &str, error: ForgeError) -> Result<(), RunError> {
        match error {
            ForgeError::Unreachable(why) => self.miss_an_answer(what, &why),
            error @ (ForgeError::NotFound(_) | ForgeError::Refused(_) | ForgeError::Disk(_)) => {
                Err(error.into())
            }
        }
    }

    /// Takes in an entry that a turn's task has written.
    pub(super) fn learn(&mut self, entry: Entry) {
        take_in(&mut self.results, entry);
    }

    /// How many turns of this role and label the journal holds, with those of the subject that this one came from.
    pub(super) fn finished_turns(&self, role: Role, label: &Label) -> u32 {
        let counts = turn_counts(&self.journal.entries());
        counts.get(&(role, label.clone())).copied().unwrap_or(0)
    }

    /// The session of this agent's last turn in this role: a coder's always, a reviewer's if that was asked for. With another
    /// model begins another session.
    pub(super) fn to_go_on_with(&self, ask: &Ask, reviewers: ReviewSessions) -> Option<SessionNote> {
        let goes_on = match (ask.key.role, reviewers) {
            (Role::Coder, _) | (Role::Reviewer, ReviewSessions::Resume) => true,
            (Role::Reviewer, ReviewSessions::Fresh) | (Role::Debater | Role::Analyzer | Role::Repair, _) => {
                false
            }
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
            (TurnEnd::Answered { .. }, Role::Reviewer | Role::Debater | Role::Analyzer | Role::Repair) => {
                head
            }
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

    /// The bodies of the records that live in the journal.
    pub(super) fn local_records(&self) -> Vec<String> {
        self.journal.entries().into_iter().filter_map(Entry::into_record).collect()
    }
}

/// How many turns of each role and label entries hold, with those that were inherited.
pub(super) fn turn_counts(entries: &[Entry]) -> BTreeMap<(Role, Label), u32> {
    let mut counts: BTreeMap<(Role, Label), u32> = BTreeMap::new();
    for entry in entries {
        match entry {
            Entry::Finished { turn, .. } => *counts.entry((turn.role, turn.label.clone())).or_default() += 1,
            Entry::Inherited { label, role, turns, .. } => {
                *counts.entry((*role, label.clone())).or_default() += turns;
            }
            Entry::Attempt { .. }
            | Entry::Clarified { .. }
            | Entry::Measured { .. }
            | Entry::Task { .. }
            | Entry::Stopped { .. }
            | Entry::Record { .. } => {}
        }
    }
    counts
}

/// What the entries of a journal hold.
pub(super) fn results(entries: Vec<Entry>) -> Results {
    let mut results = Results::default();
    for entry in entries {
        take_in(&mut results, entry);
    }
    results
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
        Entry::Inherited { from: Some(from), .. } => results.provenance.source = Some(from),
        Entry::Task { words } => results.provenance.task = Some(words),
        Entry::Record { .. } | Entry::Inherited { from: None, .. } | Entry::Stopped { .. } => {}
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
