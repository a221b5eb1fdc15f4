//! The events that were emitted for a subject, so that none is repeated.

use std::collections::BTreeSet;

use crate::domain::agent::Role;
use crate::domain::commit_status::CommitStatus;
use crate::domain::ids::Label;
use crate::ports::run_event::RunEvent;

/// The events that were emitted for a subject.
#[derive(Debug, Default)]
pub(super) struct EmittedEvents {
    pub(super) round: u32,
    pub(super) counts: Option<RunEvent>,
    /// The latest status of the run on its pull request.
    pub(super) status: Option<CommitStatus>,
    pub(super) unpriced: BTreeSet<(Role, Label)>,
}
