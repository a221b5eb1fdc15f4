//! The clones whose files are those of their index: this process compared them after the last turn, when all its processes had
//! ended. The next turn need not compare them again. What somebody changes meanwhile is found after that turn: in the clone of
//! an agent that edits as work, which is reviewed, in any other as tampering, which voids the vote.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::domain::ids::TreeSha;
use crate::ports::workspace::CloneId;

/// The number of unchanged files with other facts than in the index from which the index is renewed.
pub(super) const MANY_TOUCHED: usize = 500;

/// The clones that no turn has used since they were compared.
#[derive(Debug, Default)]
pub(crate) struct SettledClones(Mutex<HashMap<CloneId, Settled>>);

/// How the next turn may find a clone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum NextLook {
    /// The files need not be compared with the index again.
    Unneeded,
    /// Many files have other facts than in the index, or a submodule is checked out, whose git folder is in that of the agent.
    #[default]
    Needed,
}

/// A clone whose files are those of its index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settled {
    /// The tree of the index, if it is known.
    pub(super) tree: Option<TreeSha>,
}

impl SettledClones {
    /// Remembers a clone after a turn.
    pub(super) fn learn(&self, clone_id: &CloneId, settled: Settled) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(clone_id.clone(), settled);
    }

    /// Removes the entry of a clone that a turn will use, or whose files are removed, and returns the entry.
    pub(crate) fn take(&self, clone_id: &CloneId) -> Option<Settled> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(clone_id)
    }
}
