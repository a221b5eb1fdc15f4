//! The local ports of a machine: the clock, journals with their locks, the operator, and an empty agent memory.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use agent_loop::domain::ids::CommitSha;
use agent_loop::domain::subject::Subject;
use agent_loop::ports::agent_memory::{AgentMemories, Briefed};
use agent_loop::ports::clock::Clock;
use agent_loop::ports::journal::{Entry, Holder, Journal, JournalError, Journals};
use agent_loop::ports::operator::Operator;
use agent_loop::ports::run_event::RunEvent;

use super::memory_world::{MemoryWorld, State};

impl State {
    /// Advances the clock by a second.
    pub(super) fn tick(&mut self) -> Timestamp {
        let next = self.now.checked_add(SignedDuration::from_secs(1));
        self.now = next.unwrap_or(self.now);
        self.now
    }
}

#[async_trait]
impl AgentMemories for MemoryWorld {
    async fn briefing(&self, _: &CommitSha) -> Briefed {
        Briefed::default()
    }

    async fn lay_out(&self, _: &Path) -> Option<String> {
        None
    }
}

#[async_trait]
impl Clock for MemoryWorld {
    fn now(&self) -> Timestamp {
        self.with(|state| state.now)
    }

    async fn sleep_until(&self, instant: Timestamp) {
        self.look(|state| state.now = state.now.max(instant)).await;
    }

    fn secret(&self) -> String {
        "the secret of this world".to_owned()
    }

    fn unique(&self) -> String {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.unique += 1;
        format!("{:08x}", state.unique)
    }
}

/// An open journal. Dropping it releases the lock, like the end of a process.
struct MemoryJournal {
    world: MemoryWorld,
    subject: Subject,
    lock: Arc<Mutex<()>>,
}

#[async_trait]
impl Journals for MemoryWorld {
    async fn open(&self, subject: &Subject) -> Result<Arc<dyn Journal>, JournalError> {
        let lock = self
            .look(|state| {
                state.locks.get(&(self.machine, subject.clone())).and_then(std::sync::Weak::upgrade)
            })
            .await;
        if lock.is_some() {
            let holder = Holder { pid: None, host: None, since: None };
            return Err(JournalError::Held { subject: subject.clone(), holder });
        }
        let lock = Arc::new(Mutex::new(()));
        self.look(|state| state.locks.insert((self.machine, subject.clone()), Arc::downgrade(&lock))).await;
        Ok(Arc::new(MemoryJournal { world: self.clone(), subject: subject.clone(), lock }))
    }

    async fn peek(&self, subject: &Subject) -> Result<Vec<Entry>, JournalError> {
        let key = (self.machine, subject.clone());
        Ok(self.look(|state| state.journals.get(&key).cloned().unwrap_or_default()).await)
    }
}

#[async_trait]
impl Journal for MemoryJournal {
    fn entries(&self) -> Arc<Vec<Entry>> {
        let state = self.world.state.lock().unwrap_or_else(PoisonError::into_inner);
        let entries = state.journals.get(&(self.world.machine, self.subject.clone()));
        Arc::new(entries.cloned().unwrap_or_default())
    }

    async fn append(&self, entry: Entry) -> Result<(), JournalError> {
        let _held = Arc::clone(&self.lock);
        let effect = |state: &mut State| {
            if let (Entry::Finished { .. }, Some(room)) = (&entry, &mut state.room_for_ends) {
                *room = room.checked_sub(1).ok_or_else(|| {
                    JournalError::Disk("could not write to the journal: no space left".to_owned())
                })?;
            }
            state.journals.entry((self.world.machine, self.subject.clone())).or_default().push(entry);
            Ok(())
        };
        self.world.change("journal", effect, || None).await
    }
}

#[async_trait]
impl Operator for MemoryWorld {
    fn tell(&self, event: &RunEvent) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.events.push(event.clone());
    }

    async fn ask(&self, questions: &[String]) -> Result<Vec<String>, &'static str> {
        let answer = self.look(|state| state.answer.clone()).await;
        answer.map(|answer| vec![answer; questions.len()]).ok_or("nobody is here")
    }
}
