//! The policy of a run, fixed by its `opened` record.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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

/// The points at which the test command runs.
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

/// The policy of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// The number of rounds after which a run with open findings ends as `blocked`.
    pub max_rounds: u32,
    /// The gates that must pass on the approved head.
    pub required_gates: Vec<GateName>,
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
            test_timing: TestTiming::BeforeReviewAndApproval,
            on_reviewer_failure: OnReviewerFailure::Stop,
            after_approval: AfterApproval::Leave,
            followups: Followups::default(),
        }
    }
}
