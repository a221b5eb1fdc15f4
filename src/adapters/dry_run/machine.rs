//! The local ports of a dry run: agents, gates, clock, journals and operator.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use crate::domain::gate::Verdict;
use crate::domain::ids::{CommitSha, GateName};
use crate::domain::subject::Subject;
use crate::domain::usage::Usage;
use crate::ports::World;
use crate::ports::agent_memory::{AgentMemories, Briefed};
use crate::ports::agents::{Agents, TurnOrder, TurnReport, TurnResult};
use crate::ports::cancellation::Cancellation;
use crate::ports::clock::Clock;
use crate::ports::gates::{Gate, GateOrder, GateReport, Gates, Measuring};
use crate::ports::journal::{Entry, Journal, JournalError, Journals};
use crate::ports::operator::Operator;
use crate::ports::run_event::RunEvent;

use super::world::RehearsedWorld;

impl<W: World> Agents for RehearsedWorld<W> {
    async fn take(&self, order: &TurnOrder, _: Cancellation) -> TurnReport {
        self.note(format!(
            "ask the {} {} for an answer of kind `{}` in round {}, at {} (prompt of {} kB)",
            order.role,
            order.label,
            order.kind,
            order.round,
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

impl<W: World> Gates for RehearsedWorld<W> {
    fn gate(&self, name: &GateName) -> Option<&dyn Gate> {
        let gate: &dyn Gate = self;
        self.real.gates().gate(name).map(|_| gate)
    }
}

impl<W: World> Gate for RehearsedWorld<W> {
    fn measure<'a>(&'a self, order: &'a GateOrder, _: Cancellation) -> Measuring<'a> {
        self.note(format!("run the {} on {} (assumed to pass)", order.gate, order.head.short()));
        let (verdict, detail, findings) = (Verdict::Pass, String::new(), Vec::new());
        Box::pin(std::future::ready(GateReport::Measured { verdict, detail, findings, log: None }))
    }

    fn log(&self, _: &GateOrder) -> Option<PathBuf> {
        None
    }
}

impl<W: World> AgentMemories for RehearsedWorld<W> {
    // The memory is a copy of what was read, like the mirror.
    async fn briefing(&self, base: &CommitSha) -> Briefed {
        self.real.agent_memories().briefing(base).await
    }

    async fn lay_out(&self, _: &Path) -> Option<String> {
        None
    }

    fn folder(&self) -> Option<String> {
        self.real.agent_memories().folder()
    }
}

impl<W: World> Clock for RehearsedWorld<W> {
    fn now(&self) -> Timestamp {
        self.real.clock().now()
    }

    async fn sleep_until(&self, instant: Timestamp) {
        self.note(format!("wait until {instant} at the latest"));
        self.end();
    }

    fn secret(&self) -> String {
        self.real.clock().secret()
    }

    fn unique(&self) -> String {
        self.real.clock().unique()
    }
}

impl<W: World> Operator for RehearsedWorld<W> {
    fn tell(&self, event: &RunEvent) {
        if let RunEvent::Waiting { what, .. } = event {
            self.note(format!("wait for {what}"));
        }
    }

    async fn ask(&self, questions: &[String]) -> Result<Vec<String>, &'static str> {
        self.note(format!("ask you {} questions of the coder", questions.len()));
        self.end();
        Err("a dry run asks nobody")
    }
}

/// A journal in memory.
pub struct RehearsedJournal(Mutex<Vec<Entry>>);

impl RehearsedJournal {
    pub(super) fn new(entries: Vec<Entry>) -> Self {
        Self(Mutex::new(entries))
    }
}

impl<W: World> Journals for RehearsedWorld<W> {
    type Journal = RehearsedJournal;

    async fn open(&self, subject: &Subject) -> Result<RehearsedJournal, JournalError> {
        (self.journal)(subject).map(RehearsedJournal::new)
    }

    async fn peek(&self, subject: &Subject) -> Result<Vec<Entry>, JournalError> {
        self.real.journals().peek(subject).await
    }
}

impl Journal for RehearsedJournal {
    fn read<T>(&self, of: impl FnOnce(&[Entry]) -> T) -> T {
        of(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn append(&self, entry: Entry) -> Result<(), JournalError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
        Ok(())
    }
}
