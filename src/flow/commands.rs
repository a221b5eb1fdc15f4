//! The commands that decisions propose to a person.

use crate::domain::correction::Correction;
use crate::domain::ids::PullRequestNumber;
use crate::domain::subject::Subject;

/// Returns the command that lets the coder merge the base branch into a change that conflicts with it.
pub fn resolve_conflict(number: PullRequestNumber) -> String {
    format!("agent-loop pr {number} --auto-merge")
}

/// Returns how a person merges a pull request that no run approves, as the end of a sentence.
pub fn merging_without_approval(number: PullRequestNumber) -> String {
    format!(
        "merge it without an approval: `agent-loop local pr merge {number} --unapproved`, on GitHub `gh pr merge {number}`"
    )
}

/// Returns the command that makes a correction, or shows the setting or the output that must be corrected.
pub fn correction(correction: &Correction, subject: &Subject) -> String {
    match correction {
        Correction::Flag(flag) => format!("agent-loop resume {subject} {flag}"),
        Correction::Setting(key) => format!("agent-loop config explain {key}"),
        Correction::Command => format!("agent-loop logs {subject}"),
    }
}
