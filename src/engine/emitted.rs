//! The events, statuses and reviews that were already shown for a subject, so that none is repeated.

use std::collections::BTreeSet;

use crate::domain::commit_status::CommitStatus;
use crate::domain::ids::{ItemId, RecordId};
use crate::domain::roster::SeatKey;
use crate::ports::run_event::RunEvent;

/// The events, statuses and reviews that were already shown for a subject.
#[derive(Debug, Default)]
pub(super) struct EmittedEvents {
    pub(super) round: u32,
    pub(super) counts: Option<RunEvent>,
    /// The latest status of the run on its pull request.
    pub(super) status: Option<CommitStatus>,
    /// The records that were shown as reviews of the forge's own kind.
    pub(super) reviews: BTreeSet<RecordId>,
    /// The resolved findings whose conversations were resolved.
    pub(super) resolved: BTreeSet<ItemId>,
    pub(super) unpriced: BTreeSet<SeatKey>,
    /// The number of finished turns that were looked at for `unpriced`.
    pub(super) looked_at: usize,
}
