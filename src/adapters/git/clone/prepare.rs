//! Prepares a clone for a turn: saves the work of an unfinished turn, then recreates files and git folder.

use crate::adapters::git::disk::{
    is_plain_folder, make_folder, remove, remove_irregular, remove_special_files, rename,
};
use crate::adapters::git::mirror::Mirror;
use crate::adapters::git::runner::{ask, must, os};
use crate::adapters::git::waiting;
use crate::adapters::git::workplace::Workplace;
use crate::domain::ids::TreeSha;
use crate::ports::workspace::{CloneId, Layout, Prepared, Salvage, WorkspaceError};

use super::checkout_folder;
use super::git_folder::{arm, disarm};
use super::harvest;
use super::ignored::Ignored;
use super::index_file::IndexFile;
use super::index_trees::IndexTrees;
use super::paths::{CloneNote, ClonePaths, ClonePhase, MadeCommit, Noted};
use super::scan::CloneScan;
use super::settled::{MANY_TOUCHED, Settled, SettledClones};

/// Many files are written by several processes.
const PARALLEL: [&str; 4] = ["-c", "checkout.workers=0", "-c", "checkout.thresholdForParallelism=2000"];

/// Prepares a clone, with the files of a tree instead of those of the head if one is given. No spawn for a coder's clone at the
/// commit of its last turn, one for a clone that moves to another commit, two for a new one or one with changes; one more to
/// find or remove leftovers; those of a salvage if a coder's turn was interrupted.
pub(crate) async fn prepare(
    mirror: &Mirror,
    workplace: &Workplace,
    layout: &Layout,
    tree: Option<TreeSha>,
    settled: &SettledClones,
) -> Result<Prepared, WorkspaceError> {
    let paths = workplace.paths();
    let settled = settled.take(&paths.id);
    make_folder(&paths.folder)?;
    let (salvaged, warning) = match keep_unfinished(mirror, workplace).await {
        Ok(kept) => (kept, None),
        // Work that git cannot read is saved as files.
        Err(error @ WorkspaceError::Git(_)) => (None, Some(set_aside(paths, &error)?)),
        Err(error) => return Err(error),
    };
    let (head, branch) = (layout.head(), layout.branch());
    let known = paths.note()?.and_then(|note| note.made);
    let mut note = CloneNote {
        head: head.clone(),
        branch: branch.cloned(),
        tree,
        phase: ClonePhase::Closed,
        made: None,
    };
    // After this point the files may be a mixture of two commits: nobody's work.
    paths.write_note(&note)?;
    checkout_folder::clear(paths)?;
    ready_folder(paths)?;
    let before = Before { made: known, settled: settled.filter(|_| paths.index().exists()) };
    if check_out(mirror, paths, &note, before).await.is_err() {
        // The clone is in an unknown state: start with an empty folder.
        mirror.must_know(head).await?;
        remove(&paths.checkout.tree)?;
        ready_folder(paths)?;
        check_out_all(mirror, paths, &note).await?;
    }
    arm(paths, mirror.path(), mirror.git().identity(), head, branch)?;
    checkout_folder::hide(paths, head)?;
    note.phase = ClonePhase::Open;
    paths.write_note(&note)?;
    paths.seal_index()?;
    Ok(Prepared { path: paths.checkout.tree.clone(), salvaged, warning })
}

async fn keep_unfinished(mirror: &Mirror, workplace: &Workplace) -> Result<Option<Salvage>, WorkspaceError> {
    let paths = workplace.paths();
    match &paths.id {
        CloneId::Author { .. } => {}
        CloneId::Reader { .. } | CloneId::Gate { .. } => return Ok(None),
    }
    match paths.noted()? {
        Noted::Known(note) if note.phase == ClonePhase::Open => {
            let kept = harvest::salvage(mirror, workplace, &note.head).await?;
            paths.close()?;
            Ok(kept)
        }
        Noted::Unreadable => harvest::salvage_unknown(mirror, workplace).await,
        Noted::Known(_) | Noted::Nothing => Ok(None),
    }
}

/// Renames a clone whose work cannot be committed, and returns a message with the new path.
fn set_aside(paths: &ClonePaths, error: &WorkspaceError) -> Result<String, WorkspaceError> {
    let free =
        (1_u32..1000).map(|number| paths.folder.join(format!("kept-{number}"))).find(|path| !path.exists());
    let aside = free.unwrap_or_else(|| paths.folder.join("kept"));
    rename(&paths.checkout.tree, &aside)?;
    paths.close()?;
    Ok(format!(
        "unfinished work cannot be saved as a commit ({error}); its files are in {} until the clones of this subject are removed",
        aside.display()
    ))
}

/// Prepares a folder without `.git`, and with the index that fits its content best.
fn ready_folder(paths: &ClonePaths) -> Result<(), WorkspaceError> {
    remove(&paths.index().with_extension("lock"))?;
    if is_plain_folder(&paths.checkout.tree) {
        disarm(paths)?;
        if paths.scratch().exists() {
            rename(&paths.scratch(), &paths.index())?;
        }
        remove_irregular(&paths.index())?;
    } else {
        remove(&paths.checkout.tree)?;
        make_folder(&paths.checkout.tree)?;
        remove(&paths.scratch())?;
        remove(&paths.index())?;
    }
    Ok(())
}

/// The facts about a clone from before its preparation.
struct Before {
    made: Option<MadeCommit>,
    settled: Option<Settled>,
}

/// Brings index and files to a tree. Only what differs is written, if nothing else was changed.
async fn check_out(
    mirror: &Mirror,
    paths: &ClonePaths,
    note: &CloneNote,
    before: Before,
) -> Result<(), WorkspaceError> {
    let made = before.made.filter(|made| made.commit == note.head).map(|made| made.tree);
    let tree = note.tree.clone().or(made);
    let settled = match before.settled {
        None => untouched(mirror, paths).await?,
        settled @ Some(_) => settled,
    };
    if let Some(Settled { tree: indexed }) = settled {
        if indexed.is_some() && indexed == tree {
            return Ok(());
        }
        let line = mirror.line_on(&paths.checkout.tree, &paths.index());
        let moved =
            ask(line.arguments(PARALLEL).arguments(["read-tree", "-m", "-u", note.laid()]), "move a clone")
                .await?;
        if moved.exit.is_success() {
            return Ok(());
        }
    }
    check_out_all(mirror, paths, note).await
}

/// Removes the untracked files of a clone that may not remain, and returns the tree of its index; `None` if the clone may differ
/// from its index. No spawn if no file is untracked, or in the clone of a reviewer; else one.
async fn untouched(mirror: &Mirror, paths: &ClonePaths) -> Result<Option<Settled>, WorkspaceError> {
    let (tree, index) = (&paths.checkout.tree, paths.index());
    let Some(ours) = IndexFile::read(&index)? else { return Ok(None) };
    let indexed = IndexTrees::of(&ours).root;
    let scan = CloneScan::readable(tree, ours).await?;
    // git writes files again whose facts differ, so that the next scan need not read them.
    if !scan.changed.is_empty() || scan.touched > MANY_TOUCHED {
        return Ok(None);
    }
    match &paths.id {
        CloneId::Reader { .. } => {
            for other in &scan.others {
                remove(&tree.join(os(other.strip_suffix(b"/").unwrap_or(other))))?;
            }
        }
        // Ignored files, such as build caches, remain.
        CloneId::Author { .. } | CloneId::Gate { .. } => {
            let ignored = Ignored::of(mirror.line_on(tree, &index), scan.others.iter()).await?;
            if scan.others.iter().any(|other| !ignored.has(other)) {
                return Ok(None);
            }
        }
    }
    Ok(Some(Settled { tree: Some(indexed.name()?) }))
}

/// Brings index and files to a tree, whatever they are. Every file is looked at.
async fn check_out_all(mirror: &Mirror, paths: &ClonePaths, note: &CloneNote) -> Result<(), WorkspaceError> {
    let what = format!("check out {} in {}", note.head.short(), paths.checkout.tree.display());
    let line = || mirror.line_on(&paths.checkout.tree, &paths.index());
    let read = || line().arguments(PARALLEL).arguments(["read-tree", "--reset", "-u", note.laid()]);
    let is_new = std::fs::read_dir(&paths.checkout.tree).is_ok_and(|mut files| files.next().is_none());
    remove_special_files(&paths.checkout.tree);
    let slow = format!("writing the files of {} for {}", note.head.short(), paths.id.holder());
    waiting::reported(must(read(), &what), mirror.notice(), &slow).await?;
    // Twice `-f` also removes nested repositories. A coder's ignored files, such as build caches, remain; a reviewer's do
    // not.
    let how = match &paths.id {
        CloneId::Reader { .. } => "-ffdx",
        CloneId::Author { .. } | CloneId::Gate { .. } => "-ffd",
    };
    if is_new {
        return Ok(());
    }
    let removed = must(line().arguments(["clean", how]), &what).await?;
    if !removed.is_empty() {
        // If a link replaced a folder, git saw the folder until the link was removed.
        must(read(), &what).await?;
    }
    Ok(())
}
