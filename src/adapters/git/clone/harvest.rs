//! Takes a coder's work out of its clone: into the change, or aside.

use crate::adapters::git::disk::is_plain_folder;
use crate::adapters::git::mirror::Mirror;
use crate::domain::ids::CommitSha;
use crate::ports::workspace::{Harvest, Salvage, WorkspaceError};

use super::agent_head;
use super::filters::unfiltered;
use super::paths::ClonePaths;
use super::salvage::salvage_ref;
use super::snapshot::{OwnCommits, bring, commit, snapshot, work_ref};

/// Commits what lies in a clone. One spawn if nothing changed, four if files did, one more if the agent wrote its own
/// index, three more if it committed, two more if files have attributes. Asked again, it gives the same commit. The caller closes
/// the place.
pub(in crate::adapters::git) async fn harvest(
    mirror: &Mirror,
    place: &ClonePaths,
    head: &CommitSha,
    message: &str,
) -> Result<Harvest, WorkspaceError> {
    if !is_plain_folder(&place.tree()) {
        return Err(WorkspaceError::Git(format!("the clone {} is gone", place.tree().display())));
    }
    let found = snapshot(mirror, place, head, OwnCommits::Required).await?;
    let descends = found.base == *head || mirror.contains(&found.base, head).await?;
    let made = commit(mirror, place, found, message).await?;
    let harvest = if made == *head {
        Harvest::Unchanged
    } else if let Some(why) = objection(mirror, place, head, (&made, descends)).await? {
        Harvest::Unfit { why, salvage: aside(mirror, place, made)? }
    } else {
        mirror.write_ref(&work_ref(place, &made), &made)?;
        Harvest::Commit(made)
    };
    Ok(harvest)
}

/// Why what was made can't be used, if it can't.
async fn objection(
    mirror: &Mirror,
    place: &ClonePaths,
    head: &CommitSha,
    (made, descends): (&CommitSha, bool),
) -> Result<Option<String>, WorkspaceError> {
    if descends {
        return unfiltered(mirror, place, head, made).await;
    }
    Ok(Some("the clone's HEAD no longer descends from the commit that the turn began on".to_owned()))
}

/// Keeps what lies in a clone aside, if it differs from `head`. Spawns as `harvest`. The caller closes the place.
pub(in crate::adapters::git) async fn salvage(
    mirror: &Mirror,
    place: &ClonePaths,
    head: &CommitSha,
) -> Result<Option<Salvage>, WorkspaceError> {
    if !is_plain_folder(&place.tree()) || !place.index().exists() {
        return Ok(None);
    }
    let found = snapshot(mirror, place, head, OwnCommits::IfReadable).await?;
    let message = format!("agent-loop: unfinished work of {} on {}", place.holder(), place.subject());
    let made = commit(mirror, place, found, &message).await?;
    if made == *head { Ok(None) } else { aside(mirror, place, made).map(Some) }
}

/// Keeps what lies in a clone aside, of which nobody knows where it began: on top of what the agent's HEAD stands for.
/// Spawns as `harvest`, and two more.
pub(in crate::adapters::git) async fn salvage_unknown(
    mirror: &Mirror,
    place: &ClonePaths,
) -> Result<Option<Salvage>, WorkspaceError> {
    let tree = place.tree();
    if !is_plain_folder(&tree) {
        return Ok(None);
    }
    if !place.index().exists() {
        return Err(place.unreadable("the index beside it is missing"));
    }
    let Some(head) = agent_head::head(&place.agent_git(), &place.agent_common()) else {
        return Err(place.unreadable("its HEAD stands for no commit"));
    };
    bring(mirror, place, &head).await.map_err(|error| place.unreadable(&error.to_string()))?;
    salvage(mirror, place, &head).await
}

fn aside(mirror: &Mirror, place: &ClonePaths, commit: CommitSha) -> Result<Salvage, WorkspaceError> {
    let reference = salvage_ref(place.subject(), place.holder(), &commit);
    mirror.write_ref(&reference, &commit)?;
    Ok(Salvage { reference, commit })
}
