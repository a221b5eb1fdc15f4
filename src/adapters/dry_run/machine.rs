//! The local ports of a dry run: agents, gates, clock, journals and operator.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;

use crate::domain::ids::{CommitSha, GateName};
use crate::domain::subject::Subject;
use crate::domain::usage::Usage;
use crate::ports::agent_memory::{AgentMemories, Briefed};
use crate::ports::agents::{Agents, TurnOrder, TurnReport, TurnResult};
use crate::ports::cancellation::Cancellation;
use crate::ports::clock::Clock;
use crate::ports::gates::{Gate, GatePlace, Gates};
use crate::ports::journal::{Entry, Journal, JournalError, Journals};
use crate::ports::operator::Operator;
use crate::ports::run_event::RunEvent;

use super::world::RehearsedWorld;

#[async_trait]
impl Agents for RehearsedWorld {
    async fn take(&self, order: &TurnOrder, _: Cancellation) -> TurnReport {
        self.note(format!(
            "ask the {} {} for an answer of kind `{}`{}, at {} (prompt of {} kB)",
            order.role,
            order.label,
            order.kind,
            if order.round == 0 { String::new() } else { format!(" in round {}", order.round) },
            order.head.short(),
            order.prompt.len().div_ceil(1000)
        ));
        self.end();
        TurnReport::bare(TurnResult::Cancelled, Usage::default())
    }

    fn log(&self, _: &TurnOrder) -> Option<PathBuf> {
        None
    }
}

impl Gates for RehearsedWorld {
    fn gate(&self, name: &GateName) -> Option<&dyn Gate> {
        Some(match self.real.gates.gate(name)?.place() {
            GatePlace::Clone => &self.in_clones,
            GatePlace::Mirror => &self.in_mirror,
        })
    }
}

#[async_trait]
impl AgentMemories for RehearsedWorld {
    // The memory is a copy of what was read, like the mirror.
    async fn briefing(&self, base: &CommitSha) -> Briefed {
        self.real.agent_memories.briefing(base).await
    }

    async fn lay_out(&self, _: &Path) -> Option<String> {
        None
    }

    fn folder(&self) -> Option<String> {
        self.real.agent_memories.folder()
    }
}

#[async_trait]
impl Clock for RehearsedWorld {
    fn now(&self) -> Timestamp {
        self.real.clock.now()
    }

    async fn sleep_until(&self, instant: Timestamp) {
        self.note(format!("wait until {instant} at the latest"));
        self.end();
    }

    fn secret(&self) -> String {
        self.real.clock.secret()
    }

    fn unique(&self) -> String {
        self.real.clock.unique()
    }
}

#[async_trait]
impl Operator for RehearsedWorld {
    fn tell(&self, event: &RunEvent) {
        if let RunEvent::Waiting { what, .. } = event {
            self.note(format!("wait for {what}"));
        }
        if let RunEvent::Warning { .. } = event {
            self.real.operator.tell(event);
        }
    }

    async fn ask(&self, questions: &[String]) -> Result<Vec<String>, &'static str> {
        self.note(format!("ask you {} questions of the coder", questions.len()));
        self.end();
        Err("a dry run asks nobody")
    }
}

/// A journal in memory.
pub(super) struct RehearsedJournal(Mutex<Arc<Vec<Entry>>>);

impl RehearsedJournal {
    pub(super) fn open(entries: Vec<Entry>) -> Arc<dyn Journal> {
        Arc::new(Self(Mutex::new(Arc::new(entries))))
    }

    fn locked(&self) -> MutexGuard<'_, Arc<Vec<Entry>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Journals for RehearsedWorld {
    async fn open(&self, subject: &Subject) -> Result<Arc<dyn Journal>, JournalError> {
        Ok(RehearsedJournal::open((self.journal)(subject)?))
    }

    async fn peek(&self, subject: &Subject) -> Result<Vec<Entry>, JournalError> {
        self.real.journals.peek(subject).await
    }
}

#[async_trait]
impl Journal for RehearsedJournal {
    fn entries(&self) -> Arc<Vec<Entry>> {
        Arc::clone(&self.locked())
    }

    async fn append(&self, entry: Entry) -> Result<(), JournalError> {
        Arc::make_mut(&mut self.locked()).push(entry);
        Ok(())
    }
}
