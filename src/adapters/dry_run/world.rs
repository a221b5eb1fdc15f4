//! The world as it would look after the effects recorded so far.

use std::sync::{Arc, MutexGuard};

use crate::domain::subject::Subject;
use crate::ports::World;
use crate::ports::cancellation::{Canceller, Urgency};
use crate::ports::forge::Comment;
use crate::ports::gates::GatePlace;
use crate::ports::journal::{Entry, JournalError};

use super::gate::RehearsedGate;
use super::script::{RehearsedChanges, RehearsedScript};

/// Reads a subject's journal without opening it.
pub(super) type ReadJournal = Box<dyn Fn(&Subject) -> Result<Vec<Entry>, JournalError> + Send + Sync>;

/// A world that records effects instead of performing them.
pub struct RehearsedWorld {
    pub(super) real: World,
    pub(super) journal: ReadJournal,
    canceller: Arc<Canceller>,
    script: RehearsedScript,
    pub(super) in_clones: RehearsedGate,
    pub(super) in_mirror: RehearsedGate,
}

impl RehearsedWorld {
    /// Creates the world of a dry run. The canceller ends the engine.
    pub fn new(real: World, journal: ReadJournal, canceller: Arc<Canceller>) -> Self {
        let script = RehearsedScript::default();
        let gate = |place| RehearsedGate { script: script.clone(), place };
        let (in_clones, in_mirror) = (gate(GatePlace::Clone), gate(GatePlace::Mirror));
        Self { real, journal, canceller, script, in_clones, in_mirror }
    }

    pub fn script(&self) -> RehearsedChanges {
        self.lock().clone()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, RehearsedChanges> {
        self.script.lock()
    }

    pub(super) fn note(&self, effect: impl Into<String>) {
        self.script.note(effect);
    }

    pub(super) fn with_noted(&self, subject: &Subject, mut comments: Vec<Arc<Comment>>) -> Vec<Arc<Comment>> {
        comments.extend(self.lock().comments.get(subject).cloned().unwrap_or_default());
        comments
    }

    /// Ends the dry run, because the next step depends on an agent or a person.
    pub(super) fn end(&self) {
        self.canceller.raise(Urgency::Stop);
    }
}
