//! One subject under its lock: its journal with the journal's results, the machine of its flow, and the facts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::agent::Role;
use crate::domain::ending::{Ending, Failed, NeedsHuman, Refused};
use crate::domain::flow_name::FlowName;
use crate::domain::ids::{ChainHash, CommitSha, Label, RecordId, RunId};
use crate::domain::nonce::NonceSecret;
use crate::domain::roster::SeatKey;
use crate::domain::subject::Subject;
use crate::domain::turn::{SessionNote, TurnKey};
use crate::flow;
use crate::flow::ask::Ask;
use crate::flow::context::Obstacle;
use crate::flow::facts::FlowFacts;
use crate::flow::machine::{Machine, Objection};
use crate::flow::request::ReviewSessions;
use crate::flow::results::{Results, Turn, TurnEnd};
use crate::ledger::envelope::Envelope;
use crate::ledger::thread::{ChainReading, IgnoreReason, IgnoredComment, Link};
use crate::ports::forge::ForgeError;
use crate::ports::journal::{Entry, Journal, JournalError, Journals};

use super::emitted::EmittedEvents;
use super::outcome::RunError;
use super::results::{results, take_in};
use super::thread::CachedThread;

/// The number of attempts of a write without an acknowledgement, each after a read that shows whether it happened.
pub(super) const TRIES: u32 = 3;

/// The age of the facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Freshness {
    /// The facts must be fetched before the next decision.
    Missing,
    /// A long step has passed: steps that start a turn or end the run need fresh facts.
    Stale,
    Fresh,
}

/// One subject under its lock.
pub(super) struct Session {
    pub(super) subject: Subject,
    pub(super) flow: FlowName,
    pub(super) machine: Box<dyn Machine>,
    applied: Vec<Link>,
    /// The open journal, which holds the lock.
    pub(super) journal: Arc<dyn Journal>,
    earlier: EarlierJournals,
    pub(super) results: Results,
    /// The id for a new run.
    pub(super) fresh_run: RunId,
    /// The run that was open at the first read of the thread.
    pub(super) resumed_run: Option<RunId>,
    /// The secret for the nonces of votes; the journal has it once a vote was requested.
    pub(super) nonce_secret: NonceSecret,
    /// The text of the task, if the subject is a task and a person gave the text.
    pub(super) task: Option<String>,
    pub(super) thread: CachedThread,
    /// The threads of other subjects that were read.
    pub(super) others: BTreeMap<Subject, CachedThread>,
    pub(super) facts: FlowFacts,
    pub(super) facts_are: Freshness,
    pub(super) thread_is: Freshness,
    /// The end of the chain, after the first read.
    pub(super) tail: Option<ChainHash>,
    /// The ids of the records of the first read and of this engine; `None` before the first read.
    known: Option<BTreeSet<RecordId>>,
    pub(super) pending: Option<PendingRecord>,
    /// Failed lookups.
    pub(super) obstacle: Option<Obstacle>,
    /// The start of the wait for the forge's checks.
    pub(super) waiting_since: Option<Timestamp>,
    /// A commit that the mirror has: the latest one that this engine pushed, or the head at the latest update of the mirror.
    pub(super) mirrored: Option<CommitSha>,
    /// The number of consecutive writes without an acknowledgement that did not happen.
    pub(super) unanswered: u32,
    pub(super) emitted: EmittedEvents,
    /// The comments, reviews and descriptions about which a person was warned.
    pub(super) warned_about: BTreeSet<String>,
}

/// The input of a session that is not in a journal yet.
pub(super) struct Fresh {
    pub(super) run: RunId,
    pub(super) nonce_secret: NonceSecret,
}

/// The open journals of the subjects that handed over, oldest first. Their locks are held until the end, because the coder
/// goes on in the clone of the first one.
pub(super) type EarlierJournals = Vec<(Subject, Arc<dyn Journal>)>;

/// A record that was written and not read back yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PendingRecord {
    pub(super) id: RecordId,
    /// The error, if the forge did not answer.
    pub(super) unanswered: Option<String>,
}

/// The result of reading a chain.
pub(super) enum ReadOn {
    /// The chain was read for the first time; these comments claim to be records and are ignored.
    First(Vec<IgnoredComment>),
    Again,
}

impl Session {
    /// Creates a session on an open journal; `None` if no flow of this name accepts such a subject.
    pub(super) fn new(
        flow: FlowName,
        subject: Subject,
        journal: Arc<dyn Journal>,
        earlier: EarlierJournals,
        fresh: Fresh,
    ) -> Option<Self> {
        let machine = flow::begin(&flow, &subject)?;
        let results = results(journal.entries().to_vec());
        let nonce_secret = results.nonce_secret.clone().unwrap_or(fresh.nonce_secret);
        Some(Self {
            subject,
            flow,
            machine,
            applied: Vec::new(),
            journal,
            earlier,
            results,
            fresh_run: fresh.run,
            resumed_run: None,
            nonce_secret,
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
            warned_about: BTreeSet::new(),
        })
    }

    /// Returns the journals that the next session must keep open.
    pub(super) fn hand_over(&mut self) -> EarlierJournals {
        let mut all = std::mem::take(&mut self.earlier);
        all.push((self.subject.clone(), Arc::clone(&self.journal)));
        all
    }

    /// Opens the journal of the subject that handed over, if an earlier process was there when it did.
    ///
    /// # Errors
    /// When another process works on that subject, or the disk fails.
    pub(super) async fn hold_source(&mut self, journals: &dyn Journals) -> Result<(), JournalError> {
        let Some(source) = self.results.provenance.source.clone() else { return Ok(()) };
        if self.earlier.iter().all(|(held, _)| *held != source) {
            let journal = journals.open(&source).await?;
            self.earlier.push((source, journal));
        }
        Ok(())
    }

    /// Returns the subject to whose clone the coder belongs: programs resume a session only in the folder where it began.
    pub(super) fn home(&self) -> &Subject {
        self.results.provenance.source.as_ref().unwrap_or(&self.subject)
    }

    pub(super) fn is_known(&self) -> bool {
        self.known.is_some()
    }

    /// Returns whether the thread has a record of ours.
    pub(super) fn has_records(&self) -> bool {
        self.applied.iter().any(|link| link.record().is_some())
    }

    /// Returns the records of the run that were not returned before.
    pub(super) fn unshown_records(&mut self) -> Vec<Arc<Envelope>> {
        let Some(run) = self.machine.run() else { return Vec::new() };
        let ours = self.applied.iter().filter_map(Link::record).filter(|record| record.run == run.id);
        ours.filter(|record| self.emitted.reviews.insert(record.id.clone())).cloned().collect()
    }

    /// Marks facts and thread as old after a long step.
    pub(super) fn time_has_passed(&mut self) {
        self.facts_are = Freshness::Stale;
        self.thread_is = Freshness::Stale;
    }

    /// Drops the facts that may have changed. The thread at the start, the data of an older tool, the rules of branches and
    /// the checks of earlier heads are fetched only once.
    pub(super) fn drop_facts(&mut self) {
        self.drop_awaited();
        let FlowFacts { checks, rules, older, found, .. } = std::mem::take(&mut self.facts);
        self.facts = FlowFacts { found, checks, rules, older, ..FlowFacts::default() };
        self.others.clear();
        self.facts_are = Freshness::Fresh;
    }

    /// Drops the awaited facts: during a wait nothing else is read.
    pub(super) fn drop_awaited(&mut self) {
        let FlowFacts { checks, pull_requests, queue, .. } = &mut self.facts;
        queue.clear();
        checks.retain(|commit, _| pull_requests.values().all(|pull| pull.head != *commit));
    }

    /// Updates the session from the thread.
    ///
    /// # Errors
    /// When the thread has a record of another engine or version, or a write was lost too often.
    pub(super) fn take_in(&mut self, reading: ChainReading) -> Result<ReadOn, RunError> {
        if let Some(version) = reading.newer {
            let message = format!(
                "the thread of {} holds records of format {version}, and this program writes format 1: use a newer agent-loop",
                self.subject
            );
            return Err(RunError::refused(Refused::Unsupported, message));
        }
        let first = self.known.is_none();
        match self.known.take() {
            None => self.known = Some(reading.records().map(|record| record.id.clone()).collect()),
            Some(known) => {
                let published = self.compare(&known, &reading);
                self.known = Some(known);
                self.known.get_or_insert_default().extend(published?);
            }
        }
        let ChainReading { links, tail, ignored, position: _, newer: _ } = reading;
        let illegal = self.apply(links)?;
        if first {
            let open = self.machine.run().filter(|run| run.is_open());
            self.resumed_run = open.map(|run| run.id.clone());
        }
        self.tail = Some(tail);
        self.facts.people.remove(&self.subject);
        Ok(if first { ReadOn::First(ignored.into_iter().chain(illegal).collect()) } else { ReadOn::Again })
    }

    /// Returns the record of ours that was published. A record of another engine stops the run; a record of ours that is missing
    /// is written again.
    fn compare(
        &mut self,
        known: &BTreeSet<RecordId>,
        reading: &ChainReading,
    ) -> Result<Option<RecordId>, RunError> {
        let pending = self.pending.take();
        let is_ours = |id: &RecordId| known.contains(id) || pending.as_ref().is_some_and(|one| one.id == *id);
        // The records that were applied are known.
        let new = reading.links.strip_prefix(self.applied.as_slice()).unwrap_or(&reading.links);
        let ids = || new.iter().filter_map(Link::record).map(|record| &record.id);
        let foreign = ids().find(|id| !is_ours(id));
        match (foreign, pending) {
            (Some(_), Some(_)) => {
                let message = "another engine published first; this one stops";
                Err(RunError::failed(Failed::Superseded, message))
            }
            (Some(foreign), None) => {
                let message = format!(
                    "the thread of {} has a record ({foreign}) that this engine did not publish: another engine may be running, or the record is forged. Check the thread, then run the same command again",
                    self.subject
                );
                let ending = Ending::NeedsHuman { reason: NeedsHuman::ForeignRecord };
                Err(RunError::new(ending, message))
            }
            (None, Some(pending)) if ids().any(|id| *id == pending.id) => {
                self.unanswered = 0;
                Ok(Some(pending.id))
            }
            (None, Some(pending)) => {
                let why = pending.unanswered.unwrap_or_else(|| "the forge does not show it".to_owned());
                self.miss_an_answer("publish a record", &why).map(|()| None)
            }
            (None, None) => Ok(None),
        }
    }

    /// Applies the new records of a chain; the whole chain if earlier records have changed.
    fn apply(&mut self, links: Vec<Link>) -> Result<Vec<IgnoredComment>, RunError> {
        if links.strip_prefix(self.applied.as_slice()).is_none() {
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

    /// Handles a write without an acknowledgement. The next read shows whether it happened; after several failures the run
    /// ends.
    pub(super) fn miss_an_answer(&mut self, what: &str, why: &str) -> Result<(), RunError> {
        self.unanswered += 1;
        if self.unanswered < TRIES {
            return Ok(());
        }
        let message = format!("could not {what} in {TRIES} tries: {why}");
        Err(RunError::failed(Failed::Forge, message))
    }

    /// Handles the error of a write to the forge. A write without an answer may have happened.
    pub(super) fn write_failed(&mut self, what: &str, error: ForgeError) -> Result<(), RunError> {
        match error {
            ForgeError::Unreachable(why) => self.miss_an_answer(what, &why),
            error @ (ForgeError::NotFound(_)
            | ForgeError::Refused(_)
            | ForgeError::Unworkable(..)
            | ForgeError::Limited { .. }
            | ForgeError::Disk(_)) => Err(error.into()),
        }
    }

    /// Adds an entry that the task of a turn has written.
    pub(super) fn learn(&mut self, entry: Entry) {
        take_in(&mut self.results, entry);
    }

    /// Returns the number of turns of this seat in the journal, including inherited ones.
    pub(super) fn finished_turns(&self, seat: &SeatKey) -> u32 {
        self.results.finished.get(seat).copied().unwrap_or(0)
    }

    /// Returns the session of this agent's last turn in this role: always for a coder, for a reviewer if configured. Another
    /// model starts a new session.
    pub(super) fn to_go_on_with(&self, ask: &Ask, reviewers: ReviewSessions) -> Option<SessionNote> {
        let goes_on = match (ask.key.role, reviewers) {
            (Role::Coder, _) | (Role::Reviewer, ReviewSessions::Resume) => true,
            (Role::Reviewer, ReviewSessions::Fresh) | (Role::Debater | Role::Analyzer | Role::Repair, _) => {
                false
            }
        };
        let last = || self.last_session(ask.key.role, &ask.key.label, &ask.key.head);
        let same_model = |note: &SessionNote| ask.model.is_none() || ask.model == note.model;
        goes_on.then(last).flatten().filter(same_model)
    }

    /// Returns the session of the last turn of this role and label, here or on the subject that handed over, if its files are
    /// those of this head: a session that remembers other files would assume changes that do not exist.
    fn last_session(&self, role: Role, label: &Label, head: &CommitSha) -> Option<SessionNote> {
        let mut sources = self.earlier.iter().rev();
        let earlier =
            || sources.find_map(|(_, journal)| last_turn(&results(journal.entries().to_vec()), role, label));
        let (key, turn) = last_turn(&self.results, role, label).or_else(earlier)?;
        let left = match (&turn.end, role) {
            (TurnEnd::Answered { commit, .. }, Role::Coder) => commit.as_ref().unwrap_or(&key.head),
            // Agents that only read expect that the files may have changed.
            (TurnEnd::Answered { .. }, Role::Reviewer | Role::Debater | Role::Analyzer | Role::Repair) => {
                head
            }
            (TurnEnd::Failed { .. }, _) => return None,
        };
        turn.session.filter(|_| left == head)
    }

    /// Returns the commits that turns of a run have made.
    pub(super) fn commits_of(&self, run: &RunId) -> Vec<CommitSha> {
        let made = |turn: &Turn| match &turn.end {
            TurnEnd::Answered { commit, .. } => commit.clone(),
            TurnEnd::Failed { .. } => None,
        };
        let ours = self.results.turns.iter().filter(|(key, _)| key.run == *run);
        ours.filter_map(|(_, turn)| made(turn)).collect()
    }

    /// Returns the bodies of the records in the journal.
    pub(super) fn local_records(&self) -> Vec<String> {
        self.journal.entries().iter().filter_map(Entry::record).map(str::to_owned).collect()
    }
}

fn last_turn(results: &Results, role: Role, label: &Label) -> Option<(TurnKey, Turn)> {
    let theirs = results.turns.iter().filter(|(key, _)| key.role == role && key.label == *label);
    theirs.max_by_key(|(_, turn)| turn.at).map(|(key, turn)| (key.clone(), turn.clone()))
}
