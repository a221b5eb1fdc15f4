//! The approved plan that a pull request was made for. A plan that was replaced since is not shown to anybody.

use std::ops::ControlFlow;

use crate::domain::ids::IssueNumber;
use crate::domain::plan::{BoundPlan, PlanReference};
use crate::domain::subject::Subject;

use super::super::conclusion::Conclusion;
use super::super::context::FlowContext;
use super::super::step::Decision;
use super::super::view::DeliveryOutput;
use super::state::ReviewState;

/// The plan of a pull request.
#[derive(Debug, Clone)]
pub(super) enum ObservedPlan {
    Unplanned,
    Bound {
        plan: PlanReference,
        /// The issue of the plan, if the change is one of its phases.
        divided: Option<IssueNumber>,
    },
    /// The issue has another plan, or none, since.
    Void(BoundPlan),
}

/// Fetches the plan of a pull request, from the source of the run and its delivery.
pub(super) fn observed(
    state: &ReviewState,
    cx: &FlowContext<'_>,
    source: Option<&Subject>,
    delivery: Option<&DeliveryOutput>,
) -> Decision<ObservedPlan> {
    let delivered = delivery.and_then(|delivery| delivery.plan.clone());
    let Some(bound) = state.plan.clone().or(delivered) else {
        return ControlFlow::Continue(ObservedPlan::Unplanned);
    };
    let current = cx.plan(&Subject::Issue(bound.issue))?.filter(|output| output.plan.hash == bound.hash);
    ControlFlow::Continue(match (current, source) {
        (Some(output), Some(Subject::Issue(number))) => {
            let is_phase = output.phases.iter().any(|phase| phase.issue == *number);
            ObservedPlan::Bound { plan: output.reference(*number), divided: is_phase.then_some(bound.issue) }
        }
        (Some(output), Some(Subject::Task(_) | Subject::PullRequest(_)) | None) => {
            ObservedPlan::Bound { plan: output.plan.clone(), divided: None }
        }
        (None, _) => ObservedPlan::Void(bound),
    })
}

impl ObservedPlan {
    pub(super) fn reference(&self) -> Option<PlanReference> {
        match self {
            Self::Bound { plan, .. } => Some(plan.clone()),
            Self::Unplanned | Self::Void(_) => None,
        }
    }

    /// Names the command that continues a plan after one of its phases was merged.
    pub(super) fn with_next_phase(&self, conclusion: Conclusion) -> Conclusion {
        match self {
            Self::Bound { divided: Some(issue), .. } => {
                conclusion.with_next(format!("agent-loop resume issue/{issue}"))
            }
            Self::Unplanned | Self::Bound { divided: None, .. } | Self::Void(_) => conclusion,
        }
    }

    /// Adds a note to a message if the plan was replaced.
    pub(super) fn with_warning(&self, message: String) -> String {
        match self {
            Self::Unplanned | Self::Bound { .. } => message,
            Self::Void(BoundPlan { hash, issue }) => format!(
                "{}. The plan `{hash}` of issue {issue} is no longer valid: the change was not checked against it",
                message.trim_end_matches('.')
            ),
        }
    }
}
