//! The approved plan that a pull request was made for. A plan that was replaced since is not shown to anybody.

use std::ops::ControlFlow;

use crate::domain::plan::{BoundPlan, PlanReference};
use crate::domain::subject::Subject;

use super::super::context::FlowContext;
use super::super::step::Decision;
use super::super::view::DeliveryOutput;
use super::state::ReviewState;

/// The plan of a pull request.
#[derive(Debug, Clone)]
pub(super) enum ObservedPlan {
    Unplanned,
    Bound(PlanReference),
    /// The issue has another plan, or none, since.
    Void(BoundPlan),
}

/// Fetches the plan of a pull request, from the source of the run and its delivery.
pub(super) fn observed(
    state: &ReviewState,
    cx: &FlowContext<'_>,
    (source, delivery): (Option<&Subject>, Option<&DeliveryOutput>),
) -> Decision<ObservedPlan> {
    let delivered = delivery.and_then(|delivery| delivery.plan.clone());
    let Some(bound) = state.plan.clone().or(delivered) else {
        return ControlFlow::Continue(ObservedPlan::Unplanned);
    };
    let current = cx.plan(&Subject::Issue(bound.issue))?.filter(|output| output.plan.hash == bound.hash);
    ControlFlow::Continue(match (current, source) {
        (Some(output), Some(Subject::Issue(number))) => ObservedPlan::Bound(output.reference(*number)),
        (Some(output), Some(Subject::Task(_) | Subject::PullRequest(_)) | None) => {
            ObservedPlan::Bound(output.plan.clone())
        }
        (None, _) => ObservedPlan::Void(bound),
    })
}

impl ObservedPlan {
    pub(super) fn reference(&self) -> Option<PlanReference> {
        match self {
            Self::Bound(plan) => Some(plan.clone()),
            Self::Unplanned | Self::Void(_) => None,
        }
    }

    /// Adds a note to a message if the plan was replaced.
    pub(super) fn with_warning(&self, message: String) -> String {
        match self {
            Self::Unplanned | Self::Bound(_) => message,
            Self::Void(BoundPlan { hash, issue }) => format!(
                "{}. The plan `{hash}` of issue {issue} is no longer valid: the change was not checked against it",
                message.trim_end_matches('.')
            ),
        }
    }
}
