//! Takes a coder's work out of its clone, as part of the change or as saved work.

use crate::adapters::git::disk::is_plain_folder;
use crate::adapters::git::mirror::Mirror;
use crate::adapters::git::user_checkout::checkout::remembered_refs;
use crate::adapters::git::workplace::Workplace;
use crate::domain::ids::CommitSha;
use crate::ports::workspace::{AfterTurn, Harvest, Salvage, WorkspaceError};

use super::agent_head;
use super::filters::unfiltered;
use super::paths::ClonePaths;
use super::salvage::salvage_ref;
use super::settled::{NextLook, Settled, SettledClones};
use super::snapshot::{OwnCommits, bring, commit, snapshot, work_ref};

/// Commits the work in a clone. No spawn if nothing changed, one if files changed, one more if files are new, one more if the agent wrote its own
/// index, three more if it committed, two more if files have attributes. A repeated call returns the same commit. The caller
/// closes the workplace.
pub(crate) async fn harvest(
    mirror: &Mirror,
    workplace: &Workplace,
    head: &CommitSha,
    message: &str,
    settled: &SettledClones,
) -> Result<AfterTurn<Harvest>, WorkspaceError> {
    let paths = workplace.paths();
    if !is_plain_folder(&paths.checkout.tree) {
        return Err(WorkspaceError::Git(format!("the clone {} is gone", paths.checkout.tree.display())));
    }
    settled.take(&paths.id);
    let mut found = snapshot(mirror, workplace, head, OwnCommits::Required).await?;
    let mut notes = std::mem::take(&mut found.notes);
    let (base, next_look) = (found.base.clone(), found.next_look);
    let descends = base == *head || mirror.contains(&base, head).await?;
    let made = commit(mirror, paths, found, message)?;
    notes.extend(beside(mirror, workplace, &made).await?);
    // A note may be about files that remain.
    if notes.is_empty() && next_look == NextLook::Unneeded {
        settled.learn(&paths.id, Settled { tree: Some(mirror.tree(&made).await?) });
    }
    let found = if mirror.same_files(&made, head).await? {
        Harvest::Unchanged
    } else if !descends {
        let why = "the clone's HEAD no longer descends from the commit at the start of the turn".to_owned();
        Harvest::Unfit { why, salvage: aside(mirror, paths, made)? }
    } else if let Some(why) = unfiltered(mirror, paths, head, &made).await? {
        Harvest::Unfit { why, salvage: aside(mirror, paths, made)? }
    } else {
        mirror.write_ref(&work_ref(paths, &made), &made)?;
        // The new commit keeps its ancestors: a clone has one such ref, however many turns it had.
        for older in [head, &base].into_iter().filter(|older| **older != made) {
            mirror.remove_ref(&work_ref(paths, older))?;
        }
        Harvest::Commit(made)
    };
    Ok(AfterTurn { found, notes })
}

/// Saves commits outside of HEAD, in a stash or on another branch of a clone of ours, and returns a message. No spawn if
/// every ref is at a known commit.
async fn beside(
    mirror: &Mirror,
    workplace: &Workplace,
    made: &CommitSha,
) -> Result<Vec<String>, WorkspaceError> {
    let paths = workplace.paths();
    if workplace.user_checkout().is_some() {
        return Ok(Vec::new());
    }
    let prepared = remembered_refs(paths)?.unwrap_or_default();
    let mut notes = Vec::new();
    for (name, value) in agent_head::refs(&paths.checkout.common).unwrap_or_default() {
        let Ok(commit) = value.parse::<CommitSha>() else { continue };
        if commit == *made || prepared.get(&name) == Some(&value) || mirror.knows(&commit).await? {
            continue;
        }
        // A commit that cannot be read is not counted as work.
        if bring(mirror, workplace, &commit).await.is_ok() {
            let kept = aside(mirror, paths, commit)?;
            notes.push(format!(
                "not part of the change: `{name}` of the clone; it is kept as {}",
                kept.reference
            ));
        }
    }
    Ok(notes)
}

/// Saves the work in a clone, if it differs from `head`. Same spawns as `harvest`. The caller closes the workplace.
pub(crate) async fn salvage(
    mirror: &Mirror,
    workplace: &Workplace,
    head: &CommitSha,
) -> Result<Option<Salvage>, WorkspaceError> {
    let paths = workplace.paths();
    if !is_plain_folder(&paths.checkout.tree) || !paths.index().exists() {
        return Ok(None);
    }
    let found = snapshot(mirror, workplace, head, OwnCommits::IfReadable).await?;
    let message = format!("agent-loop: unfinished work of {} on {}", paths.id.holder(), paths.id.subject());
    let made = commit(mirror, paths, found, &message)?;
    if mirror.same_files(&made, head).await? { Ok(None) } else { aside(mirror, paths, made).map(Some) }
}

/// Saves the work in a clone whose starting commit is unknown: on top of the commit of the agent's HEAD. Two spawns more than
/// `harvest`.
pub(crate) async fn salvage_unknown(
    mirror: &Mirror,
    workplace: &Workplace,
) -> Result<Option<Salvage>, WorkspaceError> {
    let paths = workplace.paths();
    let tree = &paths.checkout.tree;
    if !is_plain_folder(tree) {
        return Ok(None);
    }
    if !paths.index().exists() {
        return Err(paths.unreadable("the index beside it is missing"));
    }
    let Some(head) = agent_head::head(&paths.checkout.git, &paths.checkout.common) else {
        return Err(paths.unreadable("its HEAD names no commit"));
    };
    bring(mirror, workplace, &head).await.map_err(|error| paths.unreadable(&error.to_string()))?;
    salvage(mirror, workplace, &head).await
}

fn aside(mirror: &Mirror, paths: &ClonePaths, commit: CommitSha) -> Result<Salvage, WorkspaceError> {
    let reference = salvage_ref(paths.id.subject(), &paths.id.holder(), &commit);
    mirror.write_ref(&reference, &commit)?;
    Ok(Salvage { reference, commit })
}
