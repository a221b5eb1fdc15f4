//! A model of git: commits with parents and trees, branches of the forge, and the local state of one machine.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use agent_loop::domain::ids::{BranchName, CommitSha, TreeSha};

/// Files by path.
pub(crate) type Tree = BTreeMap<String, String>;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Commit {
    pub(crate) parents: Vec<CommitSha>,
    pub(crate) tree: Tree,
}

/// A clone in which an agent works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CloneState {
    pub(super) head: CommitSha,
    pub(super) tree: Tree,
    /// The files after preparation.
    pub(super) laid: Tree,
    /// Whether a turn is running in the clone.
    pub(super) unfinished: bool,
}

/// All repositories together.
#[derive(Debug, Default)]
pub(crate) struct Git {
    pub(super) commits: BTreeMap<CommitSha, Commit>,
    pub(super) branches: BTreeMap<BranchName, CommitSha>,
    pub(super) clones: BTreeMap<String, CloneState>,
    pub(super) kept: BTreeMap<String, CommitSha>,
    /// The reason why the user's directory for all agents cannot be used now.
    pub(super) unclean: Option<String>,
    pub(super) commits_made: u64,
}

impl Git {
    /// Creates the repositories of a saved history.
    pub(super) fn with(
        commits: BTreeMap<CommitSha, Commit>,
        branches: BTreeMap<BranchName, CommitSha>,
        kept: BTreeMap<String, CommitSha>,
        commits_made: u64,
    ) -> Self {
        Self { commits, branches, kept, commits_made, ..Self::default() }
    }

    /// Adds a commit. Equal content twice makes two commits, as real commits differ by their time.
    pub(crate) fn commit(&mut self, parents: Vec<CommitSha>, tree: Tree) -> Option<CommitSha> {
        self.commits_made += 1;
        let sha: CommitSha = digest(&format!("{} {parents:?} {tree:?}", self.commits_made)).parse().ok()?;
        self.commits.insert(sha.clone(), Commit { parents, tree });
        Some(sha)
    }

    /// Returns the files of a commit; none if it is unknown.
    pub(crate) fn tree(&self, commit: &CommitSha) -> Tree {
        self.commits.get(commit).map(|commit| commit.tree.clone()).unwrap_or_default()
    }

    /// Returns the id of a commit's tree.
    pub(super) fn tree_sha(&self, commit: &CommitSha) -> Option<TreeSha> {
        digest(&format!("{:?}", self.tree(commit))).parse().ok()
    }

    /// Returns a commit and all of its ancestors.
    pub(crate) fn history(&self, commit: &CommitSha) -> BTreeSet<CommitSha> {
        let mut seen = BTreeSet::new();
        let mut next = vec![commit.clone()];
        while let Some(commit) = next.pop() {
            if let Some(known) = self.commits.get(&commit)
                && seen.insert(commit)
            {
                next.extend(known.parents.iter().cloned());
            }
        }
        seen
    }

    /// Returns the best common ancestor: the one with the longest history.
    pub(super) fn merge_base(&self, one: &CommitSha, other: &CommitSha) -> Option<CommitSha> {
        let others = self.history(other);
        let common = self.history(one).into_iter().filter(|commit| others.contains(commit));
        common.max_by_key(|commit| self.history(commit).len())
    }

    /// Merges two commits; paths that both sides changed differently are conflicts.
    pub(super) fn merged(&self, ours: &CommitSha, theirs: &CommitSha) -> Result<Tree, Vec<String>> {
        let base = self.merge_base(ours, theirs);
        base.map_or(Ok(Tree::new()), |base| self.merged_tree(&base, ours, theirs))
    }

    /// Merges path by path. Paths that both sides changed differently are conflicts.
    pub(super) fn merged_tree(
        &self,
        base: &CommitSha,
        ours: &CommitSha,
        theirs: &CommitSha,
    ) -> Result<Tree, Vec<String>> {
        let (base, ours, theirs) = (self.tree(base), self.tree(ours), self.tree(theirs));
        let paths: BTreeSet<&String> = base.keys().chain(ours.keys()).chain(theirs.keys()).collect();
        let mut tree = Tree::new();
        let mut conflicts = Vec::new();
        for path in paths {
            let (before, our, their) = (base.get(path), ours.get(path), theirs.get(path));
            let text = if our == their || their == before {
                our
            } else if our == before {
                their
            } else {
                conflicts.push(path.clone());
                continue;
            };
            if let Some(text) = text {
                tree.insert(path.clone(), text.clone());
            }
        }
        if conflicts.is_empty() { Ok(tree) } else { Err(conflicts) }
    }

    /// Removes everything that is local to a machine: clones, salvage, and commits that are on no branch.
    pub(super) fn lose_machine(&mut self) {
        self.clones.clear();
        self.kept.clear();
        let mut reachable = BTreeSet::new();
        for tip in self.branches.values() {
            reachable.extend(self.history(tip));
        }
        self.commits.retain(|commit, _| reachable.contains(commit));
    }
}

fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes())
        .iter()
        .take(20)
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}
