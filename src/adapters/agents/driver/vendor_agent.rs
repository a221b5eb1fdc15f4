//! A vendor's program with its setup for a role.

use std::path::PathBuf;

use crate::adapters::agents::turn_host::TurnLimit;
use crate::domain::access::Power;
use crate::domain::agent::Backend;
use crate::domain::turn::SessionNote;
use crate::domain::vendors::Vendor;
use crate::ports::agents::TurnOrder;

/// A vendor's program with its setup for a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VendorAgent {
    pub vendor: Vendor,
    /// A path, or a name to find in `PATH`.
    pub program: PathBuf,
    /// The model of turns without a requested model.
    pub model: Option<String>,
    /// The reasoning effort, one of the program's own values.
    pub effort: Option<String>,
    /// Additional arguments of the user.
    pub arguments: Vec<String>,
    /// The variables of ours to pass on besides the common ones and the vendor's own.
    pub variables: Vec<String>,
    /// The time limit of its turns, if it differs from that of all agents.
    pub limit: Option<TurnLimit>,
    pub power: Power,
}

impl VendorAgent {
    /// Returns the session that a turn resumes: it must be of this program and in the folder of the turn.
    pub(super) fn session_of<'turn>(&self, order: &'turn TurnOrder) -> Option<&'turn SessionNote> {
        let is_ours = |note: &&SessionNote| note.backend == Backend::Vendor(self.vendor);
        order.session.as_ref().filter(is_ours).filter(|note| note.folder == order.workdir)
    }
}
