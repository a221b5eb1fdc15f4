//! Decides which of an agent's files belong to its change: the only place that handles worktrees, submodules, nested
//! repositories, sparse checkouts, the user's own excludes, and leftovers of programs. Unexpected results are noted.

use std::fs::{self, Metadata, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::adapters::git::disk::{read_at_most, remove};
use crate::adapters::git::mirror::Mirror;
use crate::adapters::git::mirror::objects::ObjectId;
use crate::adapters::git::push::blocker::Blocker;
use crate::adapters::git::runner::{ask, fields, must, os};
use crate::adapters::git::workplace::Workplace;
use crate::ports::workspace::WorkspaceError;

use super::ignored::Ignored;
use super::listed::WorkplaceChanges;
use super::listing::{Changes, is_beyond_link};
use super::notes::Notes;
use super::paths::ClonePaths;
use super::settled::NextLook;
use super::submodules::{self, Submodule};

/// The maximum depth of nested repositories.
const NESTING: usize = 16;
/// The number of deleted files from which a note is made.
const MANY_DELETED: usize = 20;
/// The maximum size of a `.git` file.
const LINK_BYTES: u64 = 4096;

/// The content of a change.
#[derive(Debug)]
pub(crate) struct Belonging {
    pub(crate) changes: Changes,
    /// The tree of the index with which the files were compared, in a clone.
    pub(crate) indexed: Option<ObjectId>,
    pub(crate) next_look: NextLook,
    /// Notes for a person.
    pub(crate) notes: Vec<String>,
}

/// Lists the content of the change in a workplace, compared with an index of ours. `staged` are files that the agent staged
/// itself. No spawn in a clone if no file is new or missing, else one to three.
pub(crate) async fn changes(
    mirror: &Mirror,
    workplace: &Workplace,
    index: &Path,
    staged: &[u8],
) -> Result<Belonging, WorkspaceError> {
    let paths = workplace.paths();
    let tree = &paths.checkout.tree;
    let mut notes = Notes::default();
    let WorkplaceChanges { mut changes, indexed, mut next_look, .. } =
        listed(mirror, workplace, index, &mut notes).await?;
    // If a folder became a link, adding the link removes the content of the folder.
    changes.tracked.retain(|path| !is_beyond_link(tree, path));
    for path in changes.tracked.clone() {
        if let Some(submodule) = Submodule::at(tree, &path) {
            changes.submodules.insert(path.clone(), submodule.published(mirror, workplace, &path).await?);
            changes.tracked.remove(&path);
        }
    }
    keep_sparse(mirror, workplace, index, &mut changes, &mut notes).await?;
    changes.force(tree, staged);
    leave_out_leftovers(tree, &mut changes, &mut notes);
    if let Some(folder) = &paths.checkout_folder {
        changes.leave_out(folder);
    }
    if !changes.submodules.is_empty() {
        next_look = NextLook::Needed;
    }
    if workplace.user_checkout().is_none() {
        make_readable(tree, &changes, &mut notes);
    }
    Ok(Belonging { changes, indexed, next_look, notes: notes.into_texts() })
}

/// Lists the differences. A nested repository that the agent made loses its `.git`, so that its files are committed and not a
/// link to an unavailable commit. The list is made again for each level of such repositories.
async fn listed(
    mirror: &Mirror,
    workplace: &Workplace,
    index: &Path,
    notes: &mut Notes,
) -> Result<WorkplaceChanges, WorkspaceError> {
    let tree = &workplace.paths().checkout.tree;
    let declared = submodules::declared(tree);
    let mut special = Vec::new();
    for _ in 0..NESTING {
        let mut listed = WorkplaceChanges::of(mirror, workplace, index).await?;
        special.append(&mut listed.special);
        let changes = &mut listed.changes;
        let inside: Vec<Vec<u8>> =
            changes.others.iter().filter_map(|path| path.strip_suffix(b"/")).map(<[u8]>::to_vec).collect();
        let (mut worktrees, mut repositories) = (Vec::new(), Vec::new());
        for path in inside {
            changes.others.remove(&[&path[..], b"/"].concat());
            if is_worktree_of(&workplace.paths().checkout.common, &tree.join(os(&path))) {
                worktrees.push(path);
            } else if let Some(found) = Submodule::at(tree, &path).filter(|_| declared.contains(&path)) {
                let commit = found.published(mirror, workplace, &path).await?;
                changes.submodules.insert(path, commit);
            } else {
                repositories.push(path);
            }
        }
        if repositories.is_empty() {
            notes.left_out(&special, "pipes, sockets or devices");
            notes.left_out(&worktrees, "a linked worktree of this repository");
            notes.left_out(&listed.excluded, "ignored by the user's own git settings");
            return Ok(listed);
        }
        let git_folders: Vec<PathBuf> =
            repositories.iter().map(|path| tree.join(os(path)).join(".git")).collect();
        if let Some(checkout) = workplace.user_checkout() {
            let inside: Vec<String> = git_folders.iter().map(|git| git.display().to_string()).collect();
            return Err(checkout.unfit(&Blocker::Nested(inside.join(", "))));
        }
        for git in git_folders {
            remove(&git)?;
        }
        notes.included(&repositories, "a nested repository: its files without its history");
    }
    Err(WorkspaceError::Git(format!(
        "{} contains repositories nested too deeply to be committed",
        tree.display()
    )))
}

/// Returns whether a folder is a linked worktree of the repository with this git folder.
fn is_worktree_of(common: &Path, folder: &Path) -> bool {
    let text = read_at_most(&folder.join(".git"), LINK_BYTES).and_then(|bytes| String::from_utf8(bytes).ok());
    let link = text.as_deref().and_then(|text| text.strip_prefix("gitdir: ")).map(str::trim_end);
    let git = link.and_then(|link| folder.join(link).canonicalize().ok());
    let worktrees = common.join("worktrees").canonicalize().ok();
    git.zip(worktrees).is_some_and(|(git, worktrees)| git.starts_with(worktrees))
}

/// Keeps files that the agent's sparse checkout left out: they are not deleted. No spawn if no file is missing, else one or
/// two.
async fn keep_sparse(
    mirror: &Mirror,
    workplace: &Workplace,
    index: &Path,
    changes: &mut Changes,
    notes: &mut Notes,
) -> Result<(), WorkspaceError> {
    let paths = workplace.paths();
    let tree = &paths.checkout.tree;
    let is_gone = |path: &&Vec<u8>| fs::symlink_metadata(tree.join(os(path))).is_err();
    let gone = changes.tracked.iter().filter(is_gone).count();
    let theirs = paths.checkout.git.join("index");
    if gone == 0 || !theirs.is_file() || theirs.is_symlink() {
        return Ok(());
    }
    let what = "read the agent's index";
    let flags = ask(mirror.line_on(tree, &theirs).arguments(["ls-files", "-t", "-z"]), what).await?;
    let kept = fields(&flags.stdout).filter_map(|field| field.strip_prefix(b"S "));
    let kept: Vec<Vec<u8>> = kept.filter(|path| changes.tracked.remove(*path)).map(<[u8]>::to_vec).collect();
    let deleted = gone.saturating_sub(kept.len());
    notes.kept(&kept, "outside of the agent's sparse checkout, not deleted");
    if deleted >= MANY_DELETED {
        let all = must(mirror.line_on(tree, index).arguments(["ls-files", "-z"]), what).await?;
        notes.many_deleted(deleted, fields(&all).count());
    }
    Ok(())
}

/// Leaves out leftovers of programs: notes of working folders, and the empty read-only files of a sandbox.
fn leave_out_leftovers(tree: &Path, changes: &mut Changes, notes: &mut Notes) {
    let is_mount_point =
        |facts: &Metadata| facts.is_file() && facts.len() == 0 && facts.permissions().mode() & 0o777 == 0o444;
    let is_leftover = |path: &&Vec<u8>| {
        let facts = fs::symlink_metadata(tree.join(os(path)));
        let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        let is_note = name.starts_with(b"tmpclaude-") && name.ends_with(b"-cwd");
        facts.is_ok_and(|facts| is_mount_point(&facts) || (is_note && facts.len() <= LINK_BYTES))
    };
    let leftovers: Vec<Vec<u8>> = changes.others.iter().filter(is_leftover).cloned().collect();
    changes.others.retain(|path| !leftovers.contains(path));
    notes.left_out(&leftovers, "left behind by a program");
}

/// Restores the permission to read files of the change. If that fails, git reports the error.
fn make_readable(tree: &Path, changes: &Changes, notes: &mut Notes) {
    let mut opened = Vec::new();
    for path in changes.tracked.iter().chain(&changes.others) {
        let file = tree.join(os(path));
        let Ok(facts) = fs::symlink_metadata(&file) else { continue };
        let mode = facts.permissions().mode();
        if facts.is_file()
            && mode & 0o400 == 0
            && fs::set_permissions(&file, Permissions::from_mode(mode | 0o600)).is_ok()
        {
            opened.push(path.clone());
        }
    }
    notes.included(&opened, "not readable before");
}

/// Returns notes about the untracked files of a reviewer's clone that are not ignored. No spawn if there are none, else one.
pub(crate) async fn untracked(
    mirror: &Mirror,
    paths: &ClonePaths,
    others: &[Vec<u8>],
) -> Result<Vec<String>, WorkspaceError> {
    let git = mirror.line_on(&paths.checkout.tree, &paths.index());
    let ignored = Ignored::of(git, others.iter()).await?;
    let mut notes = Notes::default();
    let left: Vec<Vec<u8>> = others.iter().filter(|path| !ignored.has(path)).cloned().collect();
    notes.removed(&left);
    Ok(notes.into_texts())
}
