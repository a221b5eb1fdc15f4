//! The description of a pull request of ours, and the marker by which a task finds it again.

use std::collections::BTreeSet;

use crate::domain::subject::Subject;
use crate::ledger::codec::BODY_LIMIT;

use super::inert;
use super::sanitize::neutral;

/// The maximum length of the last line, in bytes.
const LAST_LINE: usize = 200;

/// Returns the description: the coder's summary, then the issue that the merge closes, or the marker of the task.
pub fn body(words: &str, purpose: &Subject) -> String {
    let (own, last) = match purpose {
        Subject::Issue(number) => (Some(number.0), format!("Closes #{number}")),
        Subject::Task(key) => (None, format!("<!-- AGENT_LOOP_TASK: key={key} -->")),
        Subject::PullRequest(number) => (Some(number.0), format!("Refs #{number}")),
    };
    let own: BTreeSet<u64> = own.into_iter().collect();
    format!("{}\n\n{last}\n", inert::comment(&neutral(words), BODY_LIMIT - LAST_LINE, &own))
}
