//! The permissions of a run's agents, and the warning about them.

use crate::cli::config::settings::Turns;
use crate::domain::subject::Subject;

use super::goal::Trigger;
use super::remembered::Remembered;

/// The permissions of a run's agents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permissions {
    OfRoles,
    /// The permissions of the roles, although the run was started with all permissions.
    OfRolesAgain,
    Dangerous,
}

impl Permissions {
    /// Returns the permissions for this command. They are never inherited from an earlier one.
    pub fn of(trigger: Trigger, earlier: &Remembered, turns: &Turns) -> Self {
        match (turns.dangerous_permissions, trigger) {
            (true, Trigger::Command | Trigger::Resumption) => Self::Dangerous,
            (false, Trigger::Resumption) if earlier.own.begun_dangerously => Self::OfRolesAgain,
            (false, Trigger::Command | Trigger::Resumption) => Self::OfRoles,
        }
    }

    /// Returns whether the run was started with all permissions; used for the warning only.
    pub fn begun_dangerously(self, trigger: Trigger, earlier: &Remembered) -> bool {
        match trigger {
            Trigger::Command => self == Self::Dangerous,
            Trigger::Resumption => earlier.own.begun_dangerously,
        }
    }

    /// Returns the warning that every command repeats.
    pub fn warning(self, subject: &Subject) -> Option<String> {
        match self {
            Self::OfRoles => None,
            Self::OfRolesAgain => Some(format!(
                "{subject} was started with --dangerous-agent-permissions and continues without: agents have the permissions of \
                 their roles; to give them all again: `agent-loop resume {subject} --dangerous-agent-permissions`"
            )),
            Self::Dangerous => Some(DANGEROUS.to_owned()),
        }
    }
}

/// Returns the warning about a run whose agents may do anything.
pub const DANGEROUS: &str = "DANGEROUS PERMISSIONS: coder and reviewers may do anything on this machine as this user, \
     without a sandbox and without confirmation (--dangerous-agent-permissions)";
