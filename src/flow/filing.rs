//! Issues that a flow files, each exactly once: one that was filed before is found by its key.

use std::ops::ControlFlow;

use crate::domain::child_issue::ChildIssue;
use crate::domain::ids::IssueNumber;

use super::context::FlowContext;
use super::step::{Decision, Effect, first};

/// Returns the number of an issue, or files the issue first.
pub fn filed(cx: &FlowContext<'_>, issue: ChildIssue) -> Decision<IssueNumber> {
    match cx.results.filed.get(&issue.key) {
        Some(number) => ControlFlow::Continue(*number),
        None => first(Effect::FileIssue(Box::new(issue))),
    }
}
