//! What follows the approval of a plan, as recorded.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ids::IssueNumber;
use super::roster::Seat;
use super::word_list::word_list;

word_list!(
    /// What follows the approval of a plan.
    #[derive(Default, JsonSchema)]
    ExecutionMode {
        /// Stop with the approved plan.
        #[default]
        PlanOnly = "plan-only",
        /// File an issue for each phase of the plan, and stop.
        DecomposeOnly = "decompose-only",
        /// Implement the whole plan in one pull request.
        ImplementOneShot = "implement-one-shot",
        /// File an issue for each phase of the plan, and implement the first phase.
        ImplementByPhase = "implement-by-phase",
    }
);

/// What happens to the proposals of a split, and to the stages that a plan leaves for later.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeferredWork {
    /// They are listed, with a warning.
    #[default]
    #[serde(alias = "list")]
    Listed,
    /// An issue is filed for each of them.
    #[serde(alias = "file")]
    Filed,
}

impl DeferredWork {
    pub fn is_listed(&self) -> bool {
        *self == Self::Listed
    }
}

/// What follows the approval of a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Execution {
    pub mode: ExecutionMode,
    pub stages: DeferredWork,
    /// The issue of the stage that the plan covers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<IssueNumber>,
    /// The coder of the implementation, if it is another one than the coder of the plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coder: Option<Seat>,
}

impl ExecutionMode {
    /// Returns whether the plan is implemented after its approval.
    pub fn implements(self) -> bool {
        match self {
            Self::PlanOnly | Self::DecomposeOnly => false,
            Self::ImplementOneShot | Self::ImplementByPhase => true,
        }
    }
}
