//! Makes a clone ready for a turn: what an unfinished turn left is kept, then files and git folder are made anew.

use crate::adapters::git::disk::{is_plain_folder, make_folder, remove, remove_special_files, rename};
use crate::adapters::git::mirror::Mirror;
use crate::adapters::git::runner::must;
use crate::adapters::git::workplace::Workplace;
use crate::domain::ids::TreeSha;
use crate::ports::workspace::{CloneId, Layout, Prepared, Salvage, WorkspaceError};

use super::checkout_folder;
use super::git_folder::{arm, disarm};
use super::harvest;
use super::paths::{CloneNote, ClonePaths, ClonePhase, Noted};

/// Makes a clone ready, with the files of a tree in the place of the head's if one is given. Two spawns, for a new clone as
/// for a reused one; a third if leftovers had to go; those of a salvage if an author's turn came to no end.
pub(crate) async fn prepare(
    mirror: &Mirror,
    workplace: &Workplace,
    layout: &Layout,
    tree: Option<TreeSha>,
) -> Result<Prepared, WorkspaceError> {
    let paths = workplace.paths();
    make_folder(&paths.folder)?;
    let (salvaged, warning) = match keep_unfinished(mirror, workplace).await {
        Ok(kept) => (kept, None),
        // What git can't read is kept as it lies.
        Err(error @ WorkspaceError::Git(_)) => (None, Some(set_aside(paths, &error)?)),
        Err(error) => return Err(error),
    };
    let (head, branch) = (layout.head(), layout.branch());
    let mut note = CloneNote {
        head: head.clone(),
        branch: branch.cloned(),
        tree,
        phase: ClonePhase::Closed,
        made: None,
    };
    // From here on the files may be half of one commit and half of another: nobody's work.
    paths.write_note(&note)?;
    checkout_folder::clear(paths)?;
    ready_folder(paths)?;
    if check_out(mirror, paths, &note).await.is_err() {
        // Whatever an agent did to it that we don't understand: begin with nothing.
        mirror.must_know(head).await?;
        remove(&paths.checkout.tree)?;
        ready_folder(paths)?;
        check_out(mirror, paths, &note).await?;
    }
    arm(paths, mirror.path(), mirror.git().identity(), head, branch)?;
    checkout_folder::hide(paths, head)?;
    note.phase = ClonePhase::Open;
    paths.write_note(&note)?;
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

/// Moves a clone whose work can't be put into a commit out of the way, as it is, and says where it is.
fn set_aside(paths: &ClonePaths, error: &WorkspaceError) -> Result<String, WorkspaceError> {
    let free =
        (1_u32..1000).map(|number| paths.folder.join(format!("kept-{number}"))).find(|path| !path.exists());
    let aside = free.unwrap_or_else(|| paths.folder.join("kept"));
    rename(&paths.checkout.tree, &aside)?;
    paths.close()?;
    Ok(format!(
        "unfinished work can't be kept as a commit ({error}); its files lie in {} as long as the clones of this subject are kept",
        aside.display()
    ))
}

/// A folder without `.git`, and with the index that knows best what is in it.
fn ready_folder(paths: &ClonePaths) -> Result<(), WorkspaceError> {
    remove(&paths.index().with_extension("lock"))?;
    if is_plain_folder(&paths.checkout.tree) {
        disarm(paths)?;
        remove_special_files(&paths.checkout.tree);
        if paths.scratch().exists() {
            rename(&paths.scratch(), &paths.index())?;
        }
    } else {
        remove(&paths.checkout.tree)?;
        make_folder(&paths.checkout.tree)?;
        remove(&paths.scratch())?;
        remove(&paths.index())?;
    }
    Ok(())
}

async fn check_out(mirror: &Mirror, paths: &ClonePaths, note: &CloneNote) -> Result<(), WorkspaceError> {
    let what = format!("check out {} in {}", note.head.short(), paths.checkout.tree.display());
    let line = || mirror.line_on(&paths.checkout.tree, &paths.index());
    let read = || line().arguments(["read-tree", "--reset", "-u", note.laid()]);
    must(read(), &what).await?;
    // Twice -f: repositories that an agent made inside go too. Caches of an author's builds stay, a reader sees none.
    let how = match &paths.id {
        CloneId::Reader { .. } => "-ffdx",
        CloneId::Author { .. } | CloneId::Gate { .. } => "-ffd",
    };
    let removed = must(line().arguments(["clean", how]), &what).await?;
    if !removed.is_empty() {
        // A link in the place of a folder looked like the folder to git until it was removed.
        must(read(), &what).await?;
    }
    Ok(())
}
