//! The commands that decisions propose to a person.

use crate::domain::gate::GateRemedy;
use crate::domain::ids::PullRequestNumber;
use crate::domain::subject::Subject;

/// Returns the command that lets the coder merge the base branch into a change that conflicts with it.
pub fn resolve_conflict(number: PullRequestNumber) -> String {
    format!("agent-loop pr {number} --auto-merge")
}

/// Returns the command that applies a remedy, or shows the setting or the output that the remedy is about.
pub fn remedy(remedy: &GateRemedy, subject: &Subject) -> String {
    match remedy {
        GateRemedy::Flag(flag) => format!("agent-loop resume {subject} {flag}"),
        GateRemedy::Setting(key) => format!("agent-loop config explain {key}"),
        GateRemedy::Command => format!("agent-loop logs {subject}"),
    }
}
