//! A cache of the facts about commits that this process has learned. A commit never changes, so no entry becomes stale.

use std::collections::{HashMap, HashSet};
use std::iter;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::domain::agent_files::is_agent_file;
use crate::domain::ids::{CommitSha, TreeSha};
use crate::ports::workspace::Difference;

use super::objects::ObjectId;

type Pair = (CommitSha, CommitSha);

/// The tree of a review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ReviewTree {
    /// The tree of the head: the change touches no file that configures agents.
    Head,
    /// The tree of the head with such files from the merge base.
    Restored(TreeSha),
}

/// The cached facts.
#[derive(Debug, Default)]
pub(crate) struct CommitFacts(Mutex<KnownCommits>);

#[derive(Debug, Default)]
struct KnownCommits {
    trees: HashMap<CommitSha, TreeSha>,
    /// The best common ancestors, by each of the two commits and then by the other.
    bases: HashMap<CommitSha, HashMap<CommitSha, CommitSha>>,
    ancestors: HashMap<CommitSha, HashSet<CommitSha>>,
    /// The only parents of commits that this process made.
    parents: HashMap<CommitSha, CommitSha>,
    /// The objects of such a commit that its parent may not have, if they are all known.
    objects: HashMap<CommitSha, Vec<ObjectId>>,
    /// The trees of reviews, by base and head.
    reviews: HashMap<Pair, ReviewTree>,
    /// Only the latest difference, because it may be long.
    difference: Option<(Pair, usize, Difference)>,
}

impl KnownCommits {
    fn learn_base(&mut self, one: &CommitSha, other: &CommitSha, base: &CommitSha) {
        for (one, other) in [(one, other), (other, one)] {
            self.bases.entry(one.clone()).or_default().insert(other.clone(), base.clone());
        }
    }
}

impl CommitFacts {
    fn known(&self) -> MutexGuard<'_, KnownCommits> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn base(&self, one: &CommitSha, other: &CommitSha) -> Option<CommitSha> {
        self.known().bases.get(one)?.get(other).cloned()
    }

    pub(crate) fn learn_base(&self, one: &CommitSha, other: &CommitSha, base: &CommitSha) {
        self.known().learn_base(one, other, base);
    }

    /// Returns whether a commit is known to contain another. False may also mean that it is not known.
    pub(crate) fn contains(&self, commit: &CommitSha, ancestor: &CommitSha) -> bool {
        let known = self.known();
        let mut line = iter::successors(Some(commit), |commit| known.parents.get(*commit));
        line.any(|commit| known.ancestors.get(commit).is_some_and(|all| all.contains(ancestor)))
    }

    pub(crate) fn learn_ancestry(&self, commit: &CommitSha, ancestor: &CommitSha) {
        self.known().ancestors.entry(commit.clone()).or_default().insert(ancestor.clone());
    }

    pub(crate) fn tree(&self, commit: &CommitSha) -> Option<TreeSha> {
        self.known().trees.get(commit).cloned()
    }

    pub(crate) fn learn_tree(&self, commit: &CommitSha, tree: &TreeSha) {
        self.known().trees.insert(commit.clone(), tree.clone());
    }

    /// Adds a commit that was just made on top of its only parent. No older commit contains it, so that it has the same common
    /// ancestors with them as the parent.
    pub(crate) fn learn_made(&self, commit: &CommitSha, parent: &CommitSha, tree: &TreeSha) {
        let mut known = self.known();
        known.trees.insert(commit.clone(), tree.clone());
        known.parents.insert(commit.clone(), parent.clone());
        for (other, base) in known.bases.get(parent).cloned().unwrap_or_default() {
            known.learn_base(commit, &other, &base);
        }
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
        let mut known = self.known();
        let is_on_it = known.parents.get(commit) == parent;
        known.objects.remove(commit).filter(|_| is_on_it)
    }

    pub(crate) fn review(&self, base: &CommitSha, head: &CommitSha) -> Option<ReviewTree> {
        let known = self.known();
        let pair = (base.clone(), head.clone());
        if let Some(tree) = known.reviews.get(&pair) {
            return Some(tree.clone());
        }
        let (latest, _, difference) = known.difference.as_ref()?;
        let is_plain = !difference.files.iter().any(|file| is_agent_file(&file.path));
        (*latest == pair && is_plain).then_some(ReviewTree::Head)
    }

    pub(crate) fn learn_review(&self, base: &CommitSha, head: &CommitSha, tree: ReviewTree) {
        self.known().reviews.insert((base.clone(), head.clone()), tree);
    }

    /// Returns the difference of two commits, if its file still exists.
    pub(crate) fn difference(&self, from: &CommitSha, to: &CommitSha, bytes: usize) -> Option<Difference> {
        let known = self.known();
        let (pair, excerpt, difference) = known.difference.as_ref()?;
        let is_this = pair.0 == *from && pair.1 == *to && *excerpt == bytes;
        let is_there = difference.path.as_ref().is_none_or(|path| path.exists());
        (is_this && is_there).then(|| difference.clone())
    }

    /// Returns the base and the excerpt's length of the latest difference, if its head is this commit.
    pub(crate) fn compared(&self, head: &CommitSha) -> Option<(CommitSha, usize)> {
        let known = self.known();
        let ((base, compared), bytes, _) = known.difference.as_ref()?;
        (compared == head).then(|| (base.clone(), *bytes))
    }

    pub(crate) fn learn_difference(
        &self,
        from: &CommitSha,
        to: &CommitSha,
        bytes: usize,
        difference: &Difference,
    ) {
        self.known().difference = Some(((from.clone(), to.clone()), bytes, difference.clone()));
    }
}
