//! The description of a pull request of ours, and the marker by which a task finds it again.

use crate::domain::subject::Subject;

use super::sanitize::neutral;

/// Returns the description: the coder's summary, then the issue that its merge closes, or its task.
pub fn body(words: &str, purpose: &Subject) -> String {
    let words = neutral(words);
    match purpose {
        Subject::Issue(number) => format!("{words}\n\nCloses #{number}\n"),
        Subject::Task(key) => format!("{words}\n\n<!-- AGENT_LOOP_TASK: key={key} -->\n"),
        Subject::PullRequest(number) => format!("{words}\n\nRefs #{number}\n"),
    }
}
