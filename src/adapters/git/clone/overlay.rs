//! Lays work that was kept aside over the files of a clone that was just made ready: uncommitted, as it was left.

use crate::adapters::git::disk::{copy_with_time, remove};
use crate::adapters::git::mirror::{Mirror, sha};
use crate::adapters::git::runner::must;
use crate::adapters::git::workplace::Workplace;
use crate::domain::ids::CommitSha;
use crate::ports::workspace::WorkspaceError;

use super::salvage::ROOT;

/// The commit of a salvage, if it is still kept. One spawn.
pub(crate) async fn commit_of(mirror: &Mirror, reference: &str) -> Option<CommitSha> {
    if !reference.starts_with(ROOT) {
        return None;
    }
    let name = format!("{reference}^{{commit}}");
    let look = mirror.line().arguments(["rev-parse", "--verify", "--quiet", "--end-of-options", &name]);
    let found = must(look, "look for unfinished work").await.ok()?;
    sha(&found, "look for unfinished work").ok()
}

/// Lays the files of a salvage over those that were checked out. HEAD and our index stay as they are, so what it brings is a
/// change that is not committed; in a clone of ours it is staged, for an ignored file would be forgotten else. One spawn.
pub(crate) async fn lay_over(
    mirror: &Mirror,
    workplace: &Workplace,
    commit: &CommitSha,
) -> Result<(), WorkspaceError> {
    let paths = workplace.paths();
    let scratch = paths.scratch();
    remove(&scratch)?;
    copy_with_time(&paths.index(), &scratch)?;
    let line = mirror.line_on(&paths.checkout.tree, &scratch).arguments([
        "read-tree",
        "--reset",
        "-u",
        commit.as_str(),
    ]);
    must(line, &format!("lay {} over {}", commit.short(), paths.checkout.tree.display())).await?;
    match workplace {
        Workplace::Clone(_) => copy_with_time(&scratch, &paths.checkout.git.join("index"))?,
        Workplace::UserCheckout(..) => {}
    }
    // It knows the files of the salvage, and the next harvest must compare with those of the commit.
    remove(&scratch)
}
