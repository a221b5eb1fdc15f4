//! A vendor's program as it is set up for a role.

use std::path::PathBuf;
use std::time::Duration;

use crate::domain::access::Power;
use crate::domain::agent::Backend;
use crate::domain::turn::SessionNote;
use crate::domain::vendors::Vendor;
use crate::ports::agents::TurnOrder;

/// A vendor's program as it is set up for a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VendorAgent {
    pub vendor: Vendor,
    /// A path, or a name to be found in `PATH`.
    pub program: PathBuf,
    /// The model that is asked when a turn names none.
    pub model: Option<String>,
    /// The reasoning effort, in the program's own words.
    pub effort: Option<String>,
    /// The arguments that the user adds to the command line.
    pub arguments: Vec<String>,
    /// The variables of ours that it may see besides the common ones and its vendor's own.
    pub variables: Vec<String>,
    /// How long its turns may take, if not as long as those of all agents.
    pub deadline: Option<Duration>,
    pub power: Power,
}

impl VendorAgent {
    /// Returns the session that a turn resumes: one of this program and in the folder of the turn.
    pub(super) fn session_of<'turn>(&self, order: &'turn TurnOrder) -> Option<&'turn SessionNote> {
        let is_ours = |note: &&SessionNote| note.backend == Backend::Vendor(self.vendor);
        order.session.as_ref().filter(is_ours).filter(|note| note.folder == order.workdir)
    }
}
