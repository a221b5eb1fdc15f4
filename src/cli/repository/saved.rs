//! Saved work with the turn that it belongs to: the clone of a coder may be that of the issue that led to a pull request.

use crate::adapters::git::Kept;
use crate::adapters::storage::journals;
use crate::domain::agent::Role;
use crate::domain::subject::Subject;
use crate::domain::turn::TurnKey;
use crate::ports::journal::{Entry, Finished};
use crate::ports::workspace::WorkspaceError;

use super::open::OpenRepository;

/// Saved work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedWork {
    /// The subject of the turn.
    pub subject: Subject,
    /// The turn, such as `coder sam, round 2`.
    pub turn: String,
    pub kept: Kept,
}

/// Returns all saved work in a repository, latest first.
pub async fn saved_work(here: &OpenRepository) -> Result<Vec<SavedWork>, String> {
    let kept = match here.workspace().kept().await {
        Err(WorkspaceError::Damaged(damage)) => {
            return Err(format!("{damage}\nThe next run makes this copy anew, with all saved work."));
        }
        listed => listed.map_err(|error| error.to_string())?,
    };
    if kept.is_empty() {
        return Ok(Vec::new());
    }
    let read = |subject: Subject| {
        let entries = journals::read(&here.folders.journal(&subject)).unwrap_or_default();
        (subject, entries)
    };
    let journals: Vec<(Subject, Vec<Entry>)> = here.subjects().into_iter().map(read).collect();
    Ok(kept.into_iter().map(|kept| labelled(kept, &journals)).collect())
}

/// Finds the turn in the journals. A turn that was cut off is in none: its work is named by the clone.
fn labelled(kept: Kept, journals: &[(Subject, Vec<Entry>)]) -> SavedWork {
    let found = journals.iter().find_map(|(subject, entries)| {
        let turn = entries.iter().find_map(|entry| author(entry, &kept))?;
        let round = if turn.round == 0 { String::new() } else { format!(", round {}", turn.round) };
        Some((subject.clone(), format!("{}{round}", turn.role.with(turn.label.as_str()))))
    });
    let (subject, turn) = found.unwrap_or_else(|| (kept.subject.clone(), cut_off(&kept)));
    SavedWork { subject, turn, kept }
}

/// Returns how the work of a turn that was cut off is named: a coder's, or a commit that was replaced on the forge.
fn cut_off(kept: &Kept) -> String {
    if kept.is_replaced_commit() { kept.holder.clone() } else { Role::Coder.with(&kept.holder) }
}

/// Returns the turn of an entry, if the turn left this work.
fn author<'entry>(entry: &'entry Entry, kept: &Kept) -> Option<&'entry TurnKey> {
    let Entry::Finished { turn, finished, .. } = entry else { return None };
    let is_its = match finished {
        Finished::Failed { salvage, .. } => salvage.as_ref() == Some(&kept.salvage.reference),
        Finished::Answered { commit, .. } => commit.as_ref() == Some(&kept.salvage.commit),
    };
    is_its.then_some(turn)
}
