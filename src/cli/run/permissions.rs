//! What agents may do in a run, as far as a person has to be told of it: everything, or less than when it was begun.

use crate::cli::config::settings::Turns;
use crate::domain::subject::Subject;

use super::remembered::Remembered;

/// What a command does with a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// It says all that it wants.
    Command,
    /// It goes on with what another command has begun.
    Resumption,
}

/// What agents may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permissions {
    OfRoles,
    /// The same, though the run was begun with all permissions.
    OfRolesAgain,
    Dangerous,
}

impl Permissions {
    /// What they may do now. That a run was begun with all permissions never gives any.
    pub fn of(occasion: Occasion, earlier: &Remembered, turns: &Turns) -> Self {
        match (turns.dangerous_permissions, occasion) {
            (true, Occasion::Command | Occasion::Resumption) => Self::Dangerous,
            (false, Occasion::Resumption) if earlier.begun_dangerously() => Self::OfRolesAgain,
            (false, Occasion::Command | Occasion::Resumption) => Self::OfRoles,
        }
    }

    /// Whether the run was begun with all permissions: a fact that is remembered, to be told and for nothing else.
    pub fn begun_dangerously(self, occasion: Occasion, earlier: &Remembered) -> bool {
        match occasion {
            Occasion::Command => self == Self::Dangerous,
            Occasion::Resumption => earlier.begun_dangerously(),
        }
    }

    /// What is said loudly, each time.
    pub fn warning(self, subject: &Subject) -> Option<String> {
        match self {
            Self::OfRoles => None,
            Self::OfRolesAgain => Some(format!(
                "{subject} was begun with --dangerous-agent-permissions and goes on without: agents have the permissions of \
                 their roles; to say it again: `agent-loop resume {subject} --dangerous-agent-permissions`"
            )),
            Self::Dangerous => Some(DANGEROUS.to_owned()),
        }
    }
}

/// What is said of a run whose agents may do anything.
pub const DANGEROUS: &str = "DANGEROUS PERMISSIONS: coder and reviewers may do whatever they like on this machine as this user, \
     without a sandbox and without being asked (--dangerous-agent-permissions)";
