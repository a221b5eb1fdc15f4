//! The gates that are measured before reviewers spend time on a head.

use std::ops::ControlFlow;

use crate::domain::gate_plan::{GatePlan, GateTiming};
use crate::domain::ids::GateName;

use super::super::step::Decision;
use super::seen::{OpenReview, ReviewAt};

/// Measures the gates before the reviewers of a round are asked: the early gates on a head that our coder has just made, and on
/// any new head the gate with reports for reviewers and all failed gates, because only a measurement can resolve their items.
pub(super) fn measure(seen: &OpenReview<'_>, at: &ReviewAt) -> Decision<()> {
    let is_ours = seen.state.ours.as_ref() == Some(&at.head);
    let against = seen.against();
    let gates = seen.gates(&against);
    let is_due = |(gate, plan): &(&GateName, GatePlan)| {
        // Reviewers judge what the gate `tamper` reports.
        let informs = **gate == GateName::tamper();
        let is_wanted = informs || (is_ours && plan.timing == GateTiming::BeforeReview);
        seen.state.measured.on(gate, &at.head).is_none() && (is_wanted || gates.is_red(gate))
    };
    match seen.run.terms.policy.gates().into_iter().find(is_due) {
        Some((gate, plan)) => {
            let measured = gates.measurement(seen.cx, gate, at)?;
            gates.publish(plan.weight, measured, at, |round, record| seen.gates_record(round, record))
        }
        None => ControlFlow::Continue(()),
    }
}
