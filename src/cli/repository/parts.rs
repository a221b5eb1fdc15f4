//! The progress of the issues into which an issue was divided.

use std::collections::BTreeMap;

use crate::domain::ids::IssueNumber;
use crate::domain::phase::{ChildState, PhaseProgress, PlannedPhase};
use crate::ports::forge::IssueState;

use super::open::{OpenRepository, there};

/// Returns the phases, each with its progress.
pub(super) async fn progress(
    here: &OpenRepository,
    phases: Vec<PlannedPhase>,
) -> Result<Vec<(PlannedPhase, PhaseProgress)>, String> {
    let mut states = BTreeMap::new();
    for phase in &phases {
        let child = there(here.forge.issue(phase.issue).await)?;
        let state = match child.map(|child| child.state) {
            Some(IssueState::Open) => ChildState::Open,
            Some(IssueState::Closed) => ChildState::Done,
            Some(IssueState::NotPlanned) | None => ChildState::Dropped,
        };
        states.insert(phase.issue, state);
    }
    let state_of = |issue: IssueNumber| states.get(&issue).copied().unwrap_or(ChildState::Dropped);
    let progress = |phase: PlannedPhase| {
        let progress = phase.progress(state_of);
        (phase, progress)
    };
    Ok(phases.into_iter().map(progress).collect())
}

/// Returns the first phase that is left.
pub(super) fn next(phases: &[(PlannedPhase, PhaseProgress)]) -> Option<&(PlannedPhase, PhaseProgress)> {
    phases.iter().find(|(_, progress)| match progress {
        PhaseProgress::Done | PhaseProgress::Dropped => false,
        PhaseProgress::Blocked(_)
        | PhaseProgress::ForPerson
        | PhaseProgress::InProgress
        | PhaseProgress::Ready => true,
    })
}
