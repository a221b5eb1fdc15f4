//! The trees and parents of commits, as far as this process knows them. A commit never changes.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::domain::ids::{CommitSha, TreeSha};

use super::objects::ObjectId;

/// The known trees and parents.
#[derive(Debug, Default)]
pub(crate) struct Lineage(Mutex<KnownLineage>);

#[derive(Debug, Default)]
struct KnownLineage {
    trees: HashMap<CommitSha, TreeSha>,
    /// The only parents of commits that this process made.
    parents: HashMap<CommitSha, CommitSha>,
    /// The objects of such a commit that its parent may not have, if they are all known.
    objects: HashMap<CommitSha, Vec<ObjectId>>,
}

impl Lineage {
    fn known(&self) -> MutexGuard<'_, KnownLineage> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn tree(&self, commit: &CommitSha) -> Option<TreeSha> {
        self.known().trees.get(commit).cloned()
    }

    pub(crate) fn learn_tree(&self, commit: &CommitSha, tree: &TreeSha) {
        self.known().trees.insert(commit.clone(), tree.clone());
    }

    /// Returns the only parent of a commit that this process made.
    pub(crate) fn parent(&self, commit: &CommitSha) -> Option<CommitSha> {
        self.known().parents.get(commit).cloned()
    }

    /// Remembers a commit that was just made: no other commit has it as an ancestor.
    pub(crate) fn learn_made(&self, commit: &CommitSha, parent: &CommitSha, tree: &TreeSha) {
        self.learn_tree(commit, tree);
        self.known().parents.insert(commit.clone(), parent.clone());
    }

    pub(crate) fn learn_objects(&self, commit: &CommitSha, objects: Vec<ObjectId>) {
        self.known().objects.insert(commit.clone(), objects);
    }

    /// Takes the objects of a commit that its parent may not have.
    pub(crate) fn take_objects(
        &self,
        commit: &CommitSha,
        parent: Option<&CommitSha>,
    ) -> Option<Vec<ObjectId>> {
        let is_on_it = self.parent(commit).as_ref() == parent;
        self.known().objects.remove(commit).filter(|_| is_on_it)
    }
}
