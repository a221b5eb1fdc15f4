//! Lays work that was kept aside over the files of a clone that was just made ready: uncommitted, as it was left.

use crate::adapters::git::disk::{copy_with_time, remove};
use crate::adapters::git::mirror::Mirror;
use crate::adapters::git::runner::must;
use crate::ports::workspace::WorkspaceError;

use super::paths::ClonePaths;
use super::salvage::ROOT;

/// Lays the files of a salvage over those that were checked out. HEAD and both indexes stay as they are, so what it brings
/// is a change that is not committed. One spawn; two if the ref is gone, which is a warning: the turn begins without it.
pub(in crate::adapters::git) async fn lay_over(
    mirror: &Mirror,
    place: &ClonePaths,
    reference: &str,
) -> Result<Option<String>, WorkspaceError> {
    let scratch = place.scratch();
    remove(&scratch)?;
    copy_with_time(&place.index(), &scratch)?;
    let tree = format!("{reference}^{{tree}}");
    let line = mirror.line_on(&place.tree(), &scratch).arguments(["read-tree", "--reset", "-u", &tree]);
    let laid = if reference.starts_with(ROOT) {
        must(line, &format!("lay {reference} over {}", place.tree().display())).await.map(drop)
    } else {
        Err(WorkspaceError::NotFound(format!("{reference} is no work that was kept aside")))
    };
    // It knows the files of the salvage, and the next harvest must compare with those of the commit.
    remove(&scratch)?;
    Ok(laid.err().map(|why| format!("the unfinished work of an earlier try is not there: {why}")))
}
