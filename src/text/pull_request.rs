//! The description of a pull request that the loop opens, and the marker by which a task finds it again.

use crate::domain::ids::IssueNumber;
use crate::domain::ids::TaskKey;

use super::sanitize::neutral;

/// What a pull request is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// An issue, which its merge closes.
    Issue(IssueNumber),
    Task(TaskKey),
}

/// The description of a pull request: the coder's words, then what it is for.
pub fn body(words: &str, purpose: &Purpose) -> String {
    let words = neutral(words);
    match purpose {
        Purpose::Issue(number) => format!("{words}\n\nCloses #{number}\n"),
        Purpose::Task(key) => format!("{words}\n\n<!-- AGENT_LOOP_TASK: key={key} -->\n"),
    }
}
