//! Lays work that was kept aside over the files of a clone that was just made ready: uncommitted, as it was left.

use crate::adapters::git::disk::{copy_with_time, remove};
use crate::adapters::git::mirror::Mirror;
use crate::adapters::git::runner::must;
use crate::ports::workspace::WorkspaceError;

use super::paths::ClonePaths;
use super::salvage::ROOT;

/// Lays the files of a salvage over those that were checked out. HEAD and both indexes stay as they are, so what it brings
/// is a change that is not committed. Two spawns. If the ref is gone, that is a warning:
/// the turn begins without it.
pub(in crate::adapters::git) async fn lay_over(
    mirror: &Mirror,
    place: &ClonePaths,
    reference: &str,
) -> Result<Option<String>, WorkspaceError> {
    let tree = format!("{reference}^{{tree}}");
    let look = mirror.line().arguments(["rev-parse", "--verify", "--quiet", "--end-of-options", &tree]);
    if !reference.starts_with(ROOT) || must(look, "look for unfinished work").await.is_err() {
        return Ok(Some(format!(
            "the unfinished work of an earlier try is not there any more ({reference})"
        )));
    }
    let scratch = place.scratch();
    remove(&scratch)?;
    copy_with_time(&place.index(), &scratch)?;
    let line = mirror.line_on(&place.tree(), &scratch).arguments(["read-tree", "--reset", "-u", &tree]);
    let laid = must(line, &format!("lay {reference} over {}", place.tree().display())).await;
    // It knows the files of the salvage, and the next harvest must compare with those of the commit.
    remove(&scratch)?;
    laid.map(|_| None)
}
