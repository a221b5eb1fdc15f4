//! Adds saved work to the files of a prepared clone: uncommitted, as it was.

use crate::adapters::git::disk::{copy_with_time, remove};
use crate::adapters::git::mirror::{Mirror, sha};
use crate::adapters::git::runner::must;
use crate::adapters::git::workplace::Workplace;
use crate::domain::ids::CommitSha;
use crate::ports::workspace::WorkspaceError;

use super::salvage::ROOT;

/// Returns the commit of saved work, named by its ref or its id, if it still exists. One spawn.
pub(crate) async fn commit_of(mirror: &Mirror, saved: &str) -> Option<CommitSha> {
    if !saved.starts_with(ROOT) && saved.parse::<CommitSha>().is_err() {
        return None;
    }
    let name = format!("{saved}^{{commit}}");
    let look = mirror.line().arguments(["rev-parse", "--verify", "--quiet", "--end-of-options", &name]);
    let found = must(look, "look for unfinished work").await.ok()?;
    sha(&found, "look for unfinished work").ok()
}

/// Writes the files of saved work over those that were checked out. HEAD and our index do not change, so the files are an
/// uncommitted change; in a clone of ours they are staged, because ignored files would be lost otherwise. One spawn.
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
    // The scratch index has the saved files, but the next harvest must compare with those of the commit.
    remove(&scratch)
}
