//! The effects recorded so far, and their results.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::ids::{BranchName, CommitSha, PullRequestNumber};
use crate::domain::pull_request::PullRequest;
use crate::domain::subject::Subject;
use crate::ports::forge::Comment;

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

/// What the parts of a dry run record in common.
#[derive(Clone, Default)]
pub(super) struct RehearsedScript(Arc<Mutex<RehearsedChanges>>);

impl RehearsedScript {
    pub(super) fn lock(&self) -> MutexGuard<'_, RehearsedChanges> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn note(&self, effect: impl Into<String>) {
        let effect = effect.into().replace(&format!("pr/{NEW}"), "the new pull request");
        self.lock().effects.push(effect);
    }
}
