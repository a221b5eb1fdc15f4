//! The status of a run on the head of its pull request. It is a success only on a commit that all reviewers approved.

use crate::domain::commit_status::CommitStatus;
use crate::domain::ending::{Ending, NeedsHuman};
use crate::domain::ids::{CommitSha, Label};
use crate::domain::pull_request::CheckState;

use super::comment::title;
use super::run::RunState;
use super::step::{Effect, Step};
use super::view::View;

/// Returns the status before a step, or after the end of a run; `None` before the run has a head.
pub fn commit_status(
    run: &RunState,
    view: &View,
    next: Option<&Step>,
    current_head: Option<&CommitSha>,
) -> Option<CommitStatus> {
    let names: Vec<&str> = view.voters.iter().map(Label::as_str).collect();
    let names = names.join(", ");
    let (state, sentence, head) = match (&run.ending, next) {
        // Rules of the forge may require the status before this merge.
        (None, Some(Step::Effect(Effect::Merge { head, .. }))) => {
            (CheckState::Success, format!("Approved by {names}"), Some(head))
        }
        (None, _) | (Some(_), Some(Step::Ask(_) | Step::Await | Step::Measure(_))) => {
            (CheckState::Pending, format!("In review by {names}"), current_head.or(view.head.as_ref()))
        }
        (Some(ending), _) => {
            let state = state_after(ending);
            let sentence = match state {
                CheckState::Success => format!("Approved by {names}"),
                CheckState::Pending | CheckState::Failure => sentence(ending),
            };
            (state, sentence, view.head.as_ref())
        }
    };
    Some(CommitStatus { head: head?.clone(), state, sentence, comment: None })
}

fn sentence(ending: &Ending) -> String {
    let reason = ending.reason().map_or_else(String::new, |reason| format!(": {}", reason.replace('-', " ")));
    format!("{}{reason}", title(ending))
}

fn state_after(ending: &Ending) -> CheckState {
    match ending {
        // All reviewers approved; this status must not prevent a merge by a person.
        Ending::Approved
        | Ending::Merged { .. }
        | Ending::ApprovedCiPending
        | Ending::NeedsHuman { reason: NeedsHuman::Merge } => CheckState::Success,
        Ending::Parked { .. } | Ending::Interrupted => CheckState::Pending,
        Ending::Consensus
        | Ending::Planned
        | Ending::Decomposed
        | Ending::Kept
        | Ending::Blocked { .. }
        | Ending::Failed { .. }
        | Ending::Refused { .. }
        | Ending::NeedsHuman { .. }
        | Ending::Deadlock
        | Ending::Inconclusive => CheckState::Failure,
    }
}
