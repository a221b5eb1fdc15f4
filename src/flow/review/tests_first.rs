//! The gates that are measured before reviewers spend time on a head.

use std::ops::ControlFlow;

use crate::domain::ids::GateName;
use crate::domain::policy::TestTiming;

use super::super::step::Decision;
use super::seen::{OpenReview, ReviewAt};

/// Measures the gates before the reviewers of a round are asked: all required gates on a head that our coder has just made,
/// and all failed gates on any new head, because only a measurement can resolve their items.
pub(super) fn measure(seen: &OpenReview<'_>, at: &ReviewAt) -> Decision<()> {
    let policy = &seen.run.terms.policy;
    let is_ours = seen.state.ours.as_ref() == Some(&at.head);
    let is_wanted = is_ours && policy.test_timing == TestTiming::BeforeReviewAndApproval;
    let against = seen.against();
    let gates = seen.gates(&against);
    let is_due = |gate: &&GateName| {
        seen.state.measured.on(gate, &at.head).is_none() && (is_wanted || gates.is_red(gate))
    };
    match policy.required_gates.iter().find(is_due) {
        Some(gate) => gates.measure(seen.cx, gate, at, |round, record| seen.gates_record(round, record)),
        None => ControlFlow::Continue(()),
    }
}
