//! Merges commits in the mirror, without a checkout: a change into its base branch, and a base branch into a change.

use crate::adapters::git::push::PushTarget;
use crate::adapters::git::push::intent::Moving;
use crate::adapters::git::runner::{ask, failure, fields, must};
use crate::adapters::process::exit::Exit;
use crate::domain::ids::{BranchName, CommitSha, TreeSha};
use crate::ports::workspace::{MergeEnd, MergeParents, Push, WorkspaceError};

use super::{Hold, Mirror, commit_object, sha};

/// The refs of merge commits, which a new mirror receives.
const KEPT: &str = "refs/agent-loop/work/merges";

/// The result of a merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MergeOutcome {
    /// The base contains the head; this is the merge commit.
    Done(CommitSha),
    /// There are conflicts in these files; nothing was changed.
    Conflict(Vec<String>),
    /// Somebody else moved the base at the same time; nothing was changed.
    Moved(Option<CommitSha>),
    /// A checkout of the base prevents the merge; the text names the fix.
    Refused(String),
}

/// Merges. The mirror must be up to date.
pub(crate) async fn merge(
    hold: &Hold<'_>,
    target: &PushTarget<'_>,
    base: &BranchName,
    head: &CommitSha,
    message: &str,
) -> Result<MergeOutcome, WorkspaceError> {
    let mirror = target.mirror;
    let tip = target.tip(base).await?.ok_or_else(|| {
        WorkspaceError::NotFound(format!("there is no branch {base} in {}", target.repository.display()))
    })?;
    mirror.must_know(head).await?;
    if mirror.contains(&tip, head).await? {
        return existing(mirror, &tip, head).await.map(MergeOutcome::Done);
    }
    let MergedTree { tree, conflicts } = merged_tree(mirror, &tip, head).await?;
    if !conflicts.is_empty() {
        return Ok(MergeOutcome::Conflict(conflicts));
    }
    let to: CommitSha = commit_object::write(mirror, &tree, &[&tip, head], message)?.name()?;
    let moving = Moving { branch: base.clone(), from: Some(tip), to: to.clone() };
    Ok(match target.push(hold, &moving).await? {
        Push::Done => MergeOutcome::Done(to),
        Push::Moved(tip) => MergeOutcome::Moved(tip),
        Push::Refused(text) => MergeOutcome::Refused(text),
    })
}

/// The files of a merge.
struct MergedTree {
    /// The files with conflict markers where both sides changed the same lines.
    tree: TreeSha,
    conflicts: Vec<String>,
}

/// Merges two commits without a commit. One spawn.
async fn merged_tree(
    mirror: &Mirror,
    one: &CommitSha,
    other: &CommitSha,
) -> Result<MergedTree, WorkspaceError> {
    let what = format!("merge {} with {}", one.short(), other.short());
    let line = mirror
        .line()
        .arguments(["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages"])
        .arguments([one.as_str(), other.as_str()]);
    let captured = ask(line, &what).await?;
    match captured.exit {
        Exit::Code(0 | 1) => {}
        Exit::Code(_) | Exit::Signal(_) => {
            mirror.must_know(one).await?;
            mirror.must_know(other).await?;
            return Err(failure(&captured, &what));
        }
    }
    let mut output = fields(&captured.stdout).map(|field| String::from_utf8_lossy(field).into_owned());
    let tree = output
        .next()
        .unwrap_or_default()
        .parse()
        .map_err(|cause| WorkspaceError::Git(format!("could not {what}: {cause}")))?;
    Ok(MergedTree { tree, conflicts: output.filter(|path| !path.is_empty()).collect() })
}

/// Returns the files in which a merge has conflicts. One spawn.
pub(crate) async fn conflicts(
    mirror: &Mirror,
    parents: &MergeParents,
) -> Result<Vec<String>, WorkspaceError> {
    Ok(merged_tree(mirror, &parents.head, &parents.other).await?.conflicts)
}

/// Commits the files of a merge on top of the head, including conflict markers. Two spawns.
pub(crate) async fn begin(mirror: &Mirror, parents: &MergeParents) -> Result<CommitSha, WorkspaceError> {
    let MergeParents { head, other } = parents;
    let tree = merged_tree(mirror, head, other).await?.tree;
    let message = format!("agent-loop: unfinished merge of {} into {}\n", other.short(), head.short());
    commit_object::write(mirror, &tree, &[head], &message)?.name()
}

/// Creates the merge commit with the files of a commit, unless they contain a conflict. Three spawns.
pub(crate) async fn finish(
    mirror: &Mirror,
    parents: &MergeParents,
    files: &CommitSha,
    message: &str,
) -> Result<MergeEnd, WorkspaceError> {
    let MergeParents { head, other } = parents;
    let conflicts = merged_tree(mirror, head, other).await?.conflicts;
    let left = markers(mirror, files, &conflicts).await?;
    if !left.is_empty() {
        return Ok(MergeEnd::Unresolved(left));
    }
    let tree = mirror.tree(files).await?;
    let commit: CommitSha = commit_object::write(mirror, &tree, &[head, other], message)?.name()?;
    mirror.write_ref(&format!("{KEPT}/{}", commit.short()), &commit)?;
    // The new merge keeps the one on which it was made.
    mirror.remove_ref(&format!("{KEPT}/{}", head.short()))?;
    Ok(MergeEnd::Commit(commit))
}

/// Returns those of these files that have conflict markers. No spawn or one.
async fn markers(
    mirror: &Mirror,
    files: &CommitSha,
    conflicts: &[String],
) -> Result<Vec<String>, WorkspaceError> {
    if conflicts.is_empty() {
        return Ok(Vec::new());
    }
    let literal = conflicts.iter().map(|path| format!(":(top,literal){path}"));
    let line = mirror
        .line()
        .arguments(["grep", "-z", "--name-only", "-E", "-e", "^(<{7}|>{7}) ", files.as_str(), "--"])
        .arguments(literal);
    let what = "look for conflict markers";
    let captured = ask(line, what).await?;
    match captured.exit {
        Exit::Code(0) => {
            let found = fields(&captured.stdout).map(|field| String::from_utf8_lossy(field).into_owned());
            Ok(found.filter_map(|found| found.split_once(':').map(|(_, path)| path.to_owned())).collect())
        }
        Exit::Code(1) => Ok(Vec::new()),
        Exit::Code(_) | Exit::Signal(_) => Err(failure(&captured, what)),
    }
}

/// Returns the commit of the base's first-parent history that merged the head; the tip after a fast-forward.
async fn existing(mirror: &Mirror, tip: &CommitSha, head: &CommitSha) -> Result<CommitSha, WorkspaceError> {
    let line = mirror
        .line()
        .arguments(["rev-list", "--first-parent", "--parents", tip.as_str()])
        .argument(format!("^{head}"));
    let output = must(line, "find a merge commit").await?;
    let text = String::from_utf8_lossy(&output).into_owned();
    let merged = text.lines().find_map(|line| {
        let mut commits = line.split(' ');
        let commit = commits.next()?;
        commits.skip(1).any(|parent| parent == head.as_str()).then_some(commit)
    });
    merged.map_or_else(|| Ok(tip.clone()), |commit| sha(commit.as_bytes(), "find a merge commit"))
}
