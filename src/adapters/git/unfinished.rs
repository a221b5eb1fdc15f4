//! Adds the unfinished work of an earlier attempt to a prepared workplace.

use crate::domain::ids::CommitSha;
use crate::ports::workspace::{Layout, Prepared, WorkspaceError};

use super::clone::overlay;
use super::mirror::Mirror;
use super::user_checkout::turn::CheckoutTurn;
use super::workplace::Workplace;

/// Adds the work that a layout continues, if any: what was found in the workplace, else saved work. Work that would overwrite
/// a file of the user is skipped with a warning.
pub(super) async fn lay_out(
    mirror: &Mirror,
    workplace: &Workplace,
    layout: &Layout,
    prepared: Prepared,
) -> Result<Prepared, WorkspaceError> {
    let Some(unfinished) = layout.unfinished() else { return Ok(prepared) };
    if let Some(found) = &prepared.salvaged
        && mirror.contains(&found.commit, layout.head()).await?
    {
        return Ok(match restored(mirror, workplace, layout.head(), &found.commit).await? {
            Restored::Yes => Prepared { salvaged: None, ..prepared },
            Restored::No(why) => warned(prepared, &why),
        });
    }
    let Some(saved) = &unfinished.saved else { return Ok(prepared) };
    let Some(commit) = overlay::commit_of(mirror, saved).await else {
        return Ok(warned(
            prepared,
            &format!("the unfinished work of an earlier attempt ({saved}) no longer exists"),
        ));
    };
    Ok(match restored(mirror, workplace, layout.head(), &commit).await? {
        Restored::Yes => prepared,
        Restored::No(why) => warned(prepared, &why),
    })
}

/// Whether work was added to a workplace.
enum Restored {
    Yes,
    No(String),
}

async fn restored(
    mirror: &Mirror,
    workplace: &Workplace,
    head: &CommitSha,
    commit: &CommitSha,
) -> Result<Restored, WorkspaceError> {
    if let Some(turn) = CheckoutTurn::of(mirror, workplace)
        && let Err(why) = turn.must_have_room(head, commit).await
    {
        let commit = commit.short();
        return Ok(Restored::No(format!(
            "the unfinished work of an earlier attempt ({commit}) is not restored: {why}"
        )));
    }
    overlay::lay_over(mirror, workplace, commit).await.map(|()| Restored::Yes)
}

fn warned(prepared: Prepared, warning: &str) -> Prepared {
    let warning = prepared.warning.map_or_else(|| warning.to_owned(), |other| format!("{other}; {warning}"));
    Prepared { warning: Some(warning), ..prepared }
}
