//! What the operator was told of a subject, so that nothing is told twice.

use std::collections::BTreeSet;

use crate::domain::agent::Role;
use crate::domain::ids::Label;
use crate::ports::run_event::RunEvent;

/// What the operator was told of a subject.
#[derive(Debug, Default)]
pub(super) struct EmittedEvents {
    pub(super) round: u32,
    pub(super) counts: Option<RunEvent>,
    pub(super) unpriced: BTreeSet<(Role, Label)>,
}
