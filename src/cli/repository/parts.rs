//! The progress of the issues into which an issue was divided.

use std::collections::BTreeMap;

use crate::adapters::storage::run_file::RunFile;
use crate::domain::ids::IssueNumber;
use crate::domain::phase::{ChildState, PhaseProgress, PlannedPhase};
use crate::ports::forge::IssueState;

use super::open::{OpenRepository, there};

/// A part of an issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownPart {
    pub phase: PlannedPhase,
    pub progress: PhaseProgress,
    /// The next command for the part, or what a person must do.
    pub advice: String,
}

/// Returns the parts with their progress. After a debate, its run file names the agents of a change.
pub(super) async fn progress(
    here: &OpenRepository,
    phases: Vec<PlannedPhase>,
    debate: Option<&RunFile>,
) -> Result<Vec<KnownPart>, String> {
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
        let advice =
            debate.map_or_else(|| phase.advice(), |file| format!("`{}`", file.change_command(phase.issue)));
        KnownPart { phase, progress, advice }
    };
    Ok(phases.into_iter().map(progress).collect())
}

/// Returns the first part that is left.
pub(super) fn next(parts: &[KnownPart]) -> Option<&KnownPart> {
    parts.iter().find(|part| match part.progress {
        PhaseProgress::Done | PhaseProgress::Dropped => false,
        PhaseProgress::Blocked(_)
        | PhaseProgress::ForPerson
        | PhaseProgress::InProgress
        | PhaseProgress::Ready => true,
    })
}
