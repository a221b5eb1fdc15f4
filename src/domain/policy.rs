//! The rules of a run, bound by its `opened` record.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ids::GateName;

/// What happens when a reviewer's turn fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnReviewerFailure {
    /// Publish the votes that were given, and end the run.
    Stop,
    /// Let the coder work on the findings of the others; the round can never approve.
    Continue,
}

/// When the test command runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TestTiming {
    /// Before the reviewers when the coder has just changed the head, and before approval.
    BeforeReviewAndApproval,
    BeforeApproval,
}

/// What happens to an approved pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AfterApproval {
    /// It is left for a person.
    Leave,
    /// It is merged, with the approved head as precondition.
    Merge,
}

/// What becomes of findings that are worth a change of their own, when a pull request is approved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Followups {
    /// Reviewers are asked to leave them out; any that are given are dropped.
    #[default]
    Ignore,
    /// They are listed in a comment on the pull request.
    Summarize,
    /// At most three issues are filed for them, and listed in a comment.
    Issue,
    /// Small ones are fixed in the pull request; the others are listed.
    FixAndSummarize,
    /// Small ones are fixed in the pull request; at most three issues are filed for the others.
    FixAndIssue,
}

impl Followups {
    /// The value used in flags, settings and records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ignore => "ignore",
            Self::Summarize => "summarize",
            Self::Issue => "issue",
            Self::FixAndSummarize => "fix-and-summarize",
            Self::FixAndIssue => "fix-and-issue",
        }
    }
}

/// The rules of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// After this many rounds with something left to fix the run ends `blocked`.
    pub max_rounds: u32,
    /// The gates that must pass on the approved head.
    pub required_gates: Vec<GateName>,
    /// When the test command runs.
    pub test_timing: TestTiming,
    /// What happens when a reviewer's turn fails.
    pub on_reviewer_failure: OnReviewerFailure,
    /// What happens to an approved pull request.
    pub after_approval: AfterApproval,
    /// What becomes of findings that are worth a change of their own.
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
