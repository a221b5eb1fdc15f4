//! The turn of a coder that merges a branch into its head: it begins on the files of the merge, and ends as a merge commit.

use crate::domain::access::Access;
use crate::domain::ending::{Ending, NeedsHuman};
use crate::domain::ids::CommitSha;
use crate::domain::subject::Subject;
use crate::flow::ask::Ask;
use crate::ports::World;
use crate::ports::workspace::{CloneId, Harvest, MergeEnd, MergeParents};

use super::outcome::RunError;

/// Returns the parents of the commit of a turn that merges.
pub(super) fn parents(ask: &Ask) -> Option<MergeParents> {
    ask.merges.clone().map(|other| MergeParents { head: ask.key.head.clone(), other })
}

/// Returns the commit for the files of a turn: its head, or the unfinished merge that the coder must finish.
pub(super) async fn beginning(world: &World, ask: &Ask, clone_id: &CloneId) -> Result<CommitSha, RunError> {
    match (parents(ask), ask.access) {
        (Some(parents), Access::Edit) if world.workspace.is_user_checkout(clone_id) => {
            let message = format!(
                "the coder works in your checkout, where agent-loop starts no merge: merge {} into the branch of the pull request \
                 there, push, then run the same command again",
                parents.other.short()
            );
            Err(RunError::new(Ending::NeedsHuman { reason: NeedsHuman::Merge }, message))
        }
        (Some(parents), Access::Edit) => Ok(world.workspace.begin_merge(&parents).await?),
        (Some(_), Access::Read | Access::ReadAndWeb | Access::Nothing) | (None, _) => {
            Ok(ask.key.head.clone())
        }
    }
}

/// Makes one merge commit with the files of a coder's commit, unless conflicts are left.
pub(super) async fn merged(
    world: &World,
    subject: &Subject,
    parents: &MergeParents,
    files: &CommitSha,
    message: &str,
) -> Result<Harvest, RunError> {
    Ok(match world.workspace.finish_merge(parents, files, message).await? {
        MergeEnd::Commit(commit) => Harvest::Commit(commit),
        MergeEnd::Unresolved(paths) => Harvest::Unfit {
            why: format!(
                "conflict markers remain in {} (merge the base branch yourself, or repeat the command to ask the coder again)",
                paths.join(", ")
            ),
            salvage: world.workspace.keep(subject, files).await?,
        },
    })
}
