//! What was written down so far, laid over the real world.

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

/// A world in which nothing is done.
pub struct RehearsedWorld<W> {
    pub(super) real: W,
    pub(super) journal: ReadJournal,
    canceller: Arc<Canceller>,
    script: Mutex<RehearsedChanges>,
}

/// What would be done, and how the world would look then.
#[derive(Debug, Clone, Default)]
pub struct RehearsedChanges {
    /// What would be done, in order.
    pub effects: Vec<String>,
    /// Comments that would stand, by the subject of their thread.
    pub(super) comments: BTreeMap<Subject, Vec<Comment>>,
    pub(super) tips: BTreeMap<BranchName, CommitSha>,
    pub(super) opened: Option<PullRequest>,
}

/// The number of a pull request that is not there: no forge gives it away.
pub(super) const NEW: PullRequestNumber = PullRequestNumber(u64::MAX);

impl<W: World> RehearsedWorld<W> {
    /// A rehearsal in front of a real world. The canceller is the one of the engine that rehearses.
    pub fn new(real: W, journal: ReadJournal, canceller: Arc<Canceller>) -> Self {
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

    pub(super) fn with_noted(&self, subject: &Subject, mut comments: Vec<Comment>) -> Vec<Comment> {
        comments.extend(self.lock().comments.get(subject).cloned().unwrap_or_default());
        comments
    }

    /// The rehearsal ends here: what follows depends on what somebody else says.
    pub(super) fn end(&self) {
        self.canceller.raise(Urgency::Stop);
    }
}

impl<W: World> World for RehearsedWorld<W> {
    type Forge = Self;
    type Agents = Self;
    type Workspace = Self;
    type Gates = Self;
    type Clock = Self;
    type Journals = Self;
    type Operator = Self;
    type AgentMemories = Self;

    fn forge(&self) -> &Self {
        self
    }

    fn agents(&self) -> &Self {
        self
    }

    fn workspace(&self) -> &Self {
        self
    }

    fn gates(&self) -> &Self {
        self
    }

    fn clock(&self) -> &Self {
        self
    }

    fn journals(&self) -> &Self {
        self
    }

    fn operator(&self) -> &Self {
        self
    }

    fn agent_memories(&self) -> &Self {
        self
    }
}
