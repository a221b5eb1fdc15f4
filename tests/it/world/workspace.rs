//! The workspace port, backed by a model of git.

use std::collections::BTreeSet;
use std::path::PathBuf;

use async_trait::async_trait;

use agent_loop::domain::agent_files::is_agent_file;
use agent_loop::domain::ids::{BranchName, CommitSha, TreeSha};
use agent_loop::domain::subject::Subject;
use agent_loop::ports::workspace::{
    AfterTurn, CloneId, Difference, Extent, Harvest, Inspection, Layout, MergeEnd, MergeParents, Prepared,
    Push, Salvage, Workspace, WorkspaceError,
};
use agent_loop::protocol::context::ChangedFile;

use super::git::{CloneState, Git, Tree};
use super::memory_world::{MemoryWorld, State};

/// The beginning of a file with conflicts.
const MARKER: &str = "<<<<<<< ";

fn missing(what: &str) -> WorkspaceError {
    WorkspaceError::NotFound(format!("the model knows no {what}"))
}

/// Returns the files of a layout, with what was found in the clone.
fn laid(git: &Git, layout: &Layout, found: Option<&Salvage>) -> Tree {
    let head = git.tree(layout.head());
    match layout {
        Layout::Work { unfinished, .. } => {
            let is_ours = |found: &&Salvage| git.history(&found.commit).contains(layout.head());
            let found = found.filter(is_ours).map(|found| found.commit.clone());
            let kept = |saved: &String| git.kept.get(saved).cloned().or_else(|| saved.parse().ok());
            let continued =
                unfinished.as_ref().and_then(|one| found.or_else(|| one.saved.as_ref().and_then(kept)));
            continued.map_or(head, |commit| git.tree(&commit))
        }
        Layout::Review { base, .. } => {
            let of_base = git.tree(base).into_iter().filter(|(path, _)| is_agent_file(path));
            head.into_iter().filter(|(path, _)| !is_agent_file(path)).chain(of_base).collect()
        }
    }
}

/// Salvages the content of a clone, if it was changed.
fn keep_unfinished(git: &mut Git, path: &str) -> Option<Salvage> {
    let state = git.clones.get(path)?.clone();
    if state.tree == git.tree(&state.head) {
        return None;
    }
    let commit = git.commit(vec![state.head], state.tree)?;
    let reference = format!("refs/agent-loop/salvage/{path}/{}", commit.short());
    git.kept.insert(reference.clone(), commit.clone());
    Some(Salvage { reference, commit })
}

#[async_trait]
impl Workspace for MemoryWorld {
    async fn refresh(&self) -> Result<(), WorkspaceError> {
        self.look(|_| Ok(())).await
    }

    async fn tip(&self, branch: &BranchName) -> Result<Option<CommitSha>, WorkspaceError> {
        self.look(|state| Ok(state.git.branches.get(branch).cloned())).await
    }

    async fn merge_base(&self, one: &CommitSha, other: &CommitSha) -> Result<CommitSha, WorkspaceError> {
        self.look(|state| state.git.merge_base(one, other).ok_or_else(|| missing("common ancestor"))).await
    }

    async fn contains(&self, commit: &CommitSha, ancestor: &CommitSha) -> Result<bool, WorkspaceError> {
        self.look(|state| Ok(state.git.history(commit).contains(ancestor))).await
    }

    async fn tree(&self, commit: &CommitSha) -> Result<TreeSha, WorkspaceError> {
        self.look(|state| state.git.tree_sha(commit).ok_or_else(|| missing("tree"))).await
    }

    async fn difference(
        &self,
        from: &CommitSha,
        to: &CommitSha,
        _: usize,
    ) -> Result<Difference, WorkspaceError> {
        self.look(|state| {
            let (before, after) = (state.git.tree(from), state.git.tree(to));
            let paths: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
            let changed = paths.into_iter().filter(|path| before.get(*path) != after.get(*path));
            let files =
                changed.map(|path| ChangedFile { path: path.clone(), status: "M".to_owned() }).collect();
            Ok(Difference { files, excerpt: String::new(), extent: Extent::Whole, path: None })
        })
        .await
    }

    async fn conflicts(&self, parents: &MergeParents) -> Result<Vec<String>, WorkspaceError> {
        self.look(|state| Ok(state.git.merged(&parents.head, &parents.other).err().unwrap_or_default())).await
    }

    async fn begin_merge(&self, parents: &MergeParents) -> Result<CommitSha, WorkspaceError> {
        let effect = |state: &mut State| {
            let MergeParents { head, other } = parents;
            let mut tree = state.git.tree(head);
            match state.git.merged(head, other) {
                Ok(merged) => tree = merged,
                Err(paths) => tree.extend(paths.into_iter().map(|path| (path, format!("{MARKER}both")))),
            }
            state.git.commit(vec![head.clone()], tree).ok_or_else(|| missing("commit"))
        };
        self.change("begin a merge", effect, || None).await
    }

    async fn finish_merge(
        &self,
        parents: &MergeParents,
        files: &CommitSha,
        _: &str,
    ) -> Result<MergeEnd, WorkspaceError> {
        let effect = |state: &mut State| {
            let tree = state.git.tree(files);
            let left = tree.iter().filter(|(_, text)| text.starts_with(MARKER));
            let left: Vec<String> = left.map(|(path, _)| path.clone()).collect();
            if !left.is_empty() {
                return Ok(MergeEnd::Unresolved(left));
            }
            let commit = state.git.commit(vec![parents.head.clone(), parents.other.clone()], tree);
            commit.map(MergeEnd::Commit).ok_or_else(|| missing("commit"))
        };
        self.change("finish a merge", effect, || None).await
    }

    async fn prepare(&self, clone_id: &CloneId, layout: &Layout) -> Result<Prepared, WorkspaceError> {
        if let Some(why) = self.look(|state| state.git.unclean.clone()).await {
            return Err(WorkspaceError::Unclean(why));
        }
        let path = format!("{}/{}", self.machine, clone_id.path());
        let effect = |state: &mut State| {
            let unfinished = state.git.clones.get(&path).is_some_and(|clone| clone.unfinished);
            let salvaged = if unfinished { keep_unfinished(&mut state.git, &path) } else { None };
            let laid = laid(&state.git, layout, salvaged.as_ref());
            let fresh =
                CloneState { head: layout.head().clone(), tree: laid.clone(), laid, unfinished: true };
            state.git.clones.insert(path.clone(), fresh);
            Ok(Prepared { path: PathBuf::from(&path), salvaged, warning: None })
        };
        self.change("prepare", effect, || None).await
    }

    fn is_user_checkout(&self, _: &CloneId) -> bool {
        self.with(|state| state.git.unclean.is_some())
    }

    async fn empty(&self, clone_id: &CloneId) -> Result<PathBuf, WorkspaceError> {
        self.look(|_| Ok(PathBuf::from(clone_id.path()))).await
    }

    async fn harvest(
        &self,
        clone_id: &CloneId,
        head: &CommitSha,
        _: &str,
    ) -> Result<AfterTurn<Harvest>, WorkspaceError> {
        let path = format!("{}/{}", self.machine, clone_id.path());
        let effect = |state: &mut State| {
            let Some(clone) = state.git.clones.get_mut(&path) else { return Err(missing("clone")) };
            clone.unfinished = false;
            let tree = clone.tree.clone();
            if tree == state.git.tree(head) {
                return Ok(AfterTurn { found: Harvest::Unchanged, notes: Vec::new() });
            }
            let commit = state.git.commit(vec![head.clone()], tree);
            let found = commit.map(Harvest::Commit).ok_or_else(|| missing("commit"))?;
            Ok(AfterTurn { found, notes: Vec::new() })
        };
        self.change("harvest", effect, || None).await
    }

    async fn salvage(&self, clone_id: &CloneId, _: &CommitSha) -> Result<Option<Salvage>, WorkspaceError> {
        let path = format!("{}/{}", self.machine, clone_id.path());
        let effect = |state: &mut State| {
            let kept = keep_unfinished(&mut state.git, &path);
            if let Some(clone) = state.git.clones.get_mut(&path) {
                clone.unfinished = false;
            }
            Ok(kept)
        };
        self.change("salvage", effect, || None).await
    }

    async fn back_up(&self, clone_id: &CloneId, _: &CommitSha) -> Result<Option<Salvage>, WorkspaceError> {
        let path = format!("{}/{}", self.machine, clone_id.path());
        self.change("back_up", |state: &mut State| Ok(keep_unfinished(&mut state.git, &path)), || None).await
    }

    async fn keep(&self, subject: &Subject, commit: &CommitSha) -> Result<Salvage, WorkspaceError> {
        let reference = format!("refs/agent-loop/salvage/{subject}/{}", commit.short());
        let effect = |state: &mut State| {
            state.git.kept.insert(reference.clone(), commit.clone());
            Ok(Salvage { reference: reference.clone(), commit: commit.clone() })
        };
        self.change("keep", effect, || None).await
    }

    async fn inspect(
        &self,
        clone_id: &CloneId,
        _: &CommitSha,
    ) -> Result<AfterTurn<Inspection>, WorkspaceError> {
        let path = format!("{}/{}", self.machine, clone_id.path());
        self.look(|state| {
            let untouched = state.git.clones.get(&path).is_some_and(|clone| clone.tree == clone.laid);
            let tampered = || Inspection::Tampered("a tracked file".to_owned());
            let found = if untouched { Inspection::Untouched } else { tampered() };
            Ok(AfterTurn { found, notes: Vec::new() })
        })
        .await
    }

    async fn push(
        &self,
        branch: &BranchName,
        commit: &CommitSha,
        expected: Option<&CommitSha>,
    ) -> Result<Push, WorkspaceError> {
        let effect = |state: &mut State| {
            let current = state.git.branches.get(branch).cloned();
            if current.as_ref() == Some(commit) {
                return Ok(Push::Done);
            }
            if current.as_ref() != expected {
                return Ok(Push::Moved(current));
            }
            state.git.branches.insert(branch.clone(), commit.clone());
            Ok(Push::Done)
        };
        self.change("push", effect, || Some(Err(WorkspaceError::Git("no answer to the push".to_owned()))))
            .await
    }
}
