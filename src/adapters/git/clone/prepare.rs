//! Makes a clone ready for a turn: what an unfinished turn left is kept, then files and git folder are made anew.

use crate::adapters::git::disk::{is_plain_folder, make_folder, remove, rename};
use crate::adapters::git::mirror::Mirror;
use crate::adapters::git::runner::must;
use crate::domain::agent::Role;
use crate::domain::ids::TreeSha;
use crate::ports::workspace::{Layout, Prepared, Salvage, WorkspaceError};

use super::checkout_folder;
use super::git_folder::{arm, disarm};
use super::harvest;
use super::paths::{ClonePaths, Note, Noted, Phase};

/// Makes a clone ready, with the files of a tree in the place of the head's if one is given. Two spawns, for a new clone as
/// for a reused one; a third if leftovers had to go; those of a salvage if a coder's turn came to no end.
pub(in crate::adapters::git) async fn prepare(
    mirror: &Mirror,
    place: &ClonePaths,
    layout: &Layout,
    tree: Option<TreeSha>,
) -> Result<Prepared, WorkspaceError> {
    make_folder(place.folder())?;
    let (salvaged, warning) = match keep_unfinished(mirror, place).await {
        Ok(kept) => (kept, None),
        // What git can't read is kept as it lies.
        Err(error @ WorkspaceError::Git(_)) => (None, Some(set_aside(place, &error)?)),
        Err(error) => return Err(error),
    };
    let (head, branch) = (layout.head(), layout.branch());
    let mut note =
        Note { head: head.clone(), branch: branch.cloned(), tree, phase: Phase::Closed, made: None };
    // From here on the files may be half of one commit and half of another: nobody's work.
    place.write_note(&note)?;
    checkout_folder::clear(place)?;
    ready_folder(place)?;
    if check_out(mirror, place, &note).await.is_err() {
        // Whatever an agent did to it that we don't understand: begin with nothing.
        mirror.must_know(head).await?;
        remove(&place.tree())?;
        ready_folder(place)?;
        check_out(mirror, place, &note).await?;
    }
    arm(place, mirror.path(), mirror.git().identity(), head, branch)?;
    checkout_folder::hide(place, head)?;
    note.phase = Phase::Open;
    place.write_note(&note)?;
    Ok(Prepared { path: place.tree(), salvaged, warning })
}

async fn keep_unfinished(mirror: &Mirror, place: &ClonePaths) -> Result<Option<Salvage>, WorkspaceError> {
    match place.role() {
        Some(Role::Coder) => {}
        Some(Role::Reviewer | Role::Repair) | None => return Ok(None),
    }
    match place.noted()? {
        Noted::Known(note) if note.phase == Phase::Open => {
            let kept = harvest::salvage(mirror, place, &note.head).await?;
            place.close()?;
            Ok(kept)
        }
        Noted::Unreadable => harvest::salvage_unknown(mirror, place).await,
        Noted::Known(_) | Noted::Nothing => Ok(None),
    }
}

/// Moves a clone whose work can't be put into a commit out of the way, as it is, and says where it is.
fn set_aside(place: &ClonePaths, error: &WorkspaceError) -> Result<String, WorkspaceError> {
    let free =
        (1_u32..1000).map(|number| place.folder().join(format!("kept-{number}"))).find(|path| !path.exists());
    let aside = free.unwrap_or_else(|| place.folder().join("kept"));
    rename(&place.tree(), &aside)?;
    place.close()?;
    Ok(format!(
        "unfinished work can't be kept as a commit ({error}); its files lie in {} as long as the clones of this subject are kept",
        aside.display()
    ))
}

/// A folder without `.git`, and with the index that knows best what is in it.
fn ready_folder(place: &ClonePaths) -> Result<(), WorkspaceError> {
    remove(&place.index().with_extension("lock"))?;
    if is_plain_folder(&place.tree()) {
        disarm(place)?;
        if place.scratch().exists() {
            rename(&place.scratch(), &place.index())?;
        }
    } else {
        remove(&place.tree())?;
        make_folder(&place.tree())?;
        remove(&place.scratch())?;
        remove(&place.index())?;
    }
    Ok(())
}

async fn check_out(mirror: &Mirror, place: &ClonePaths, note: &Note) -> Result<(), WorkspaceError> {
    let what = format!("check out {} in {}", note.head.short(), place.tree().display());
    let line = || mirror.line_on(&place.tree(), &place.index());
    let read = || line().arguments(["read-tree", "--reset", "-u", note.laid()]);
    must(read(), &what).await?;
    // Twice -f: repositories that an agent made inside go too. Caches of a coder's builds stay, a reviewer sees none.
    let how = match place.role() {
        Some(Role::Reviewer | Role::Repair) => "-ffdx",
        Some(Role::Coder) | None => "-ffd",
    };
    let removed = must(line().arguments(["clean", how]), &what).await?;
    if !removed.is_empty() {
        // A link in the place of a folder looked like the folder to git until it was removed.
        must(read(), &what).await?;
    }
    Ok(())
}
