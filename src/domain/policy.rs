//! The policy of a run, fixed by its `opened` record.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::gate_plan::{GatePlan, GateTiming, GateWeight, NotRun};
use super::ids::GateName;
use super::word_list::word_list;

/// The reaction to a failed turn of a reviewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnReviewerFailure {
    /// Publish the votes of the others, and end the run.
    Stop,
    /// Continue with the findings of the others; the round cannot approve.
    Continue,
}

/// The points at which the test command runs. Other gates are late only if they are among [`Policy::late_gates`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TestTiming {
    /// Before the reviewers if the coder has just changed the head, and before approval.
    BeforeReviewAndApproval,
    BeforeApproval,
}

/// The action after the approval of a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AfterApproval {
    /// Leave it open for a person.
    Leave,
    /// Merge it if its head is still the approved commit.
    Merge,
}

word_list!(
    /// The treatment of findings that deserve a separate change, when a pull request is approved.
    #[derive(Default, PartialOrd, Ord, JsonSchema)]
    Followups {
        /// Ask reviewers to leave them out, and drop any that they report.
        #[default]
        Ignore = "ignore",
        /// List them in a comment on the pull request.
        Summarize = "summarize",
        /// File at most three issues for them, and list these in a comment.
        Issue = "issue",
        /// Fix small ones in the pull request, and list the others.
        FixAndSummarize = "fix-and-summarize",
        /// Fix small ones in the pull request, and file at most three issues for the others.
        FixAndIssue = "fix-and-issue",
    }
);

impl Followups {
    /// Returns whether follow-ups become issues.
    pub fn files_issues(self) -> bool {
        match self {
            Self::Issue | Self::FixAndIssue => true,
            Self::Ignore | Self::Summarize | Self::FixAndSummarize => false,
        }
    }
}

/// The policy of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// The number of rounds after which a run with open findings ends as `blocked`.
    pub max_rounds: u32,
    /// The gates that must pass on the approved head.
    pub required_gates: Vec<GateName>,
    /// The gates that are measured and published, and on which nothing depends.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub advisory_gates: Vec<GateName>,
    /// The gates besides the test command that are measured only before approval.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub late_gates: Vec<GateName>,
    /// The gates that are not measured, each with the reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub gates_not_run: BTreeMap<GateName, NotRun>,
    pub test_timing: TestTiming,
    pub on_reviewer_failure: OnReviewerFailure,
    pub after_approval: AfterApproval,
    #[serde(default)]
    pub followups: Followups,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            max_rounds: 10,
            required_gates: Vec::new(),
            advisory_gates: Vec::new(),
            late_gates: Vec::new(),
            gates_not_run: BTreeMap::new(),
            test_timing: TestTiming::BeforeReviewAndApproval,
            on_reviewer_failure: OnReviewerFailure::Stop,
            after_approval: AfterApproval::Leave,
            followups: Followups::default(),
        }
    }
}

impl Policy {
    /// Returns the gates of the run in the order in which they are measured, each with its plan.
    pub fn gates(&self) -> Vec<(&GateName, GatePlan)> {
        let planned = |weight| {
            move |gate| {
                let timing = self.timing(gate);
                (gate, GatePlan { timing, weight })
            }
        };
        let required = self.required_gates.iter().map(planned(GateWeight::Required));
        required.chain(self.advisory_gates.iter().map(planned(GateWeight::Advisory))).collect()
    }

    /// Returns whether open items of a gate prevent an approval: always, unless the run says that the gate is advisory or
    /// turned off.
    pub fn is_in_force(&self, gate: &GateName) -> bool {
        let is_off = self.gates_not_run.get(gate) == Some(&NotRun::TurnedOff);
        !is_off && !self.advisory_gates.contains(gate)
    }

    fn timing(&self, gate: &GateName) -> GateTiming {
        let is_late = match self.test_timing {
            TestTiming::BeforeApproval if *gate == GateName::tests() => true,
            TestTiming::BeforeApproval | TestTiming::BeforeReviewAndApproval => {
                self.late_gates.contains(gate)
            }
        };
        if is_late { GateTiming::BeforeApproval } else { GateTiming::BeforeReview }
    }
}
