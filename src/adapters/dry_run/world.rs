//! The effects recorded so far, and the world as it would look after them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::ids::{BranchName, CommitSha, PullRequestNumber};
use crate::domain::pull_request::PullRequest;
use crate::domain::subject::Subject;
use crate::ports::World;
use crate::ports::cancellation::{Canceller, Urgency};
use crate::ports::forge::Comment;
use crate::ports::journal::{Entry, JournalError};

/// Reads a subject's journal without opening it.
pub(super) type ReadJournal = Box<dyn Fn(&Subject) -> Result<Vec<Entry>, JournalError> + Send + Sync>;

/// A world that records effects instead of performing them.
pub struct RehearsedWorld {
    pub(super) real: World,
    pub(super) journal: ReadJournal,
    canceller: Arc<Canceller>,
    script: Mutex<RehearsedChanges>,
}

/// The recorded effects, and their results.
#[derive(Debug, Clone, Default)]
pub struct RehearsedChanges {
    /// Descriptions of the effects, in order.
    pub effects: Vec<String>,
    /// Recorded comments by the subject of their thread.
    pub(super) comments: BTreeMap<Subject, Vec<Arc<Comment>>>,
    pub(super) tips: BTreeMap<BranchName, CommitSha>,
    pub(super) opened: Option<PullRequest>,
}

/// The number of a recorded pull request: no forge uses it.
pub(super) const NEW: PullRequestNumber = PullRequestNumber(u64::MAX);

impl RehearsedWorld {
    /// Creates the world of a dry run. The canceller ends the engine.
    pub fn new(real: World, journal: ReadJournal, canceller: Arc<Canceller>) -> Self {
        Self { real, journal, canceller, script: Mutex::new(RehearsedChanges::default()) }
    }

    pub fn script(&self) -> RehearsedChanges {
        self.lock().clone()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, RehearsedChanges> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn note(&self, effect: impl Into<String>) {
        let effect = effect.into().replace(&format!("pr/{NEW}"), "the new pull request");
        self.lock().effects.push(effect);
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
