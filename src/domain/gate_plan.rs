//! The use of a gate in a run: when it is measured, and what follows from its verdict.

use super::word_list::word_list;

/// The first point of a round at which a gate is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GateTiming {
    /// Before the reviewers if the coder has just changed the head, and before approval.
    BeforeReview,
    BeforeApproval,
}

/// What follows from the verdict of a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GateWeight {
    /// A failed gate opens items, and only a pass approves.
    Required,
    /// The verdict is published, and nothing depends on it.
    Advisory,
}

/// The plan for a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GatePlan {
    pub timing: GateTiming,
    pub weight: GateWeight,
}

word_list!(
    /// Why a run does not measure a gate.
    NotRun {
        /// A flag or a setting says so.
        TurnedOff = "turned off",
        /// The score gate is optional, and there is no scorer.
        NoScorer = "aislop not found",
        /// No test command is set.
        NoTestCommand = "no test command",
    }
);

/// What a command or a configuration decides about a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GateChoice {
    Off(NotRun),
    On(GatePlan),
}

impl GateChoice {
    /// A gate that must pass, measured as early as possible.
    pub const REQUIRED: Self =
        Self::On(GatePlan { timing: GateTiming::BeforeReview, weight: GateWeight::Required });
}
