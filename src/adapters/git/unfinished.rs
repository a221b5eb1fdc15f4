//! Adds the unfinished work of an earlier turn to a prepared workplace.

use crate::ports::workspace::{Layout, Prepared, WorkspaceError};

use super::clone::overlay;
use super::mirror::Mirror;
use super::user_checkout::turn;
use super::workplace::Workplace;

/// Adds the unfinished work that a layout names, if any. Work that would overwrite a file of the user is skipped with a
/// warning.
pub(super) async fn lay_out(
    mirror: &Mirror,
    workplace: &Workplace,
    layout: &Layout,
    prepared: Prepared,
) -> Result<Prepared, WorkspaceError> {
    let Some(reference) = layout.unfinished() else { return Ok(prepared) };
    let missing = match overlay::commit_of(mirror, reference).await {
        None => Some("no longer exists".to_owned()),
        Some(commit) => {
            let room = match workplace {
                Workplace::UserCheckout(paths, checkout) => {
                    turn::must_have_room(mirror, paths, checkout, (layout.head(), &commit)).await
                }
                Workplace::Clone(_) => Ok(()),
            };
            match room {
                Ok(()) => {
                    overlay::lay_over(mirror, workplace, &commit).await?;
                    None
                }
                Err(why) => Some(format!("is not restored: {why}")),
            }
        }
    };
    let missing = missing.map(|why| format!("the unfinished work of an earlier attempt ({reference}) {why}"));
    let warnings: Vec<String> = prepared.warning.into_iter().chain(missing).collect();
    let warning = (!warnings.is_empty()).then(|| warnings.join("; "));
    Ok(Prepared { warning, ..prepared })
}
