//! The terms of a run, its participants and rules, as overrides and as recorded.

use crate::domain::ids::GateName;
use crate::domain::policy::{AfterApproval, Followups, OnReviewerFailure, Policy, TestTiming};
use crate::domain::roster::{Roster, Seat};

/// The terms of a run that a command line or a configuration sets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `--coder`
    pub coder: Option<Seat>,
    /// `--reviewer`, in order; empty if not set.
    pub reviewers: Vec<Seat>,
    /// `--max-rounds`
    pub max_rounds: Option<u32>,
    pub required_gates: Option<Vec<GateName>>,
    /// `--no-pre-review-tests`
    pub test_timing: Option<TestTiming>,
    /// `--on-reviewer-failure`
    pub on_reviewer_failure: Option<OnReviewerFailure>,
    /// `--auto-merge`
    pub after_approval: Option<AfterApproval>,
    /// `--approved-followups`
    pub followups: Option<Followups>,
}

/// The participants and rules of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    pub roster: Roster,
    pub policy: Policy,
}

impl Overrides {
    /// Combines these overrides with others, which are used where these are not set.
    #[must_use]
    pub fn or(self, others: Self) -> Self {
        Self {
            coder: self.coder.or(others.coder),
            reviewers: if self.reviewers.is_empty() { others.reviewers } else { self.reviewers },
            max_rounds: self.max_rounds.or(others.max_rounds),
            required_gates: self.required_gates.or(others.required_gates),
            test_timing: self.test_timing.or(others.test_timing),
            on_reviewer_failure: self.on_reviewer_failure.or(others.on_reviewer_failure),
            after_approval: self.after_approval.or(others.after_approval),
            followups: self.followups.or(others.followups),
        }
    }
}

impl From<&Terms> for Overrides {
    fn from(terms: &Terms) -> Self {
        let policy = &terms.policy;
        Self {
            coder: Some(terms.roster.coder().clone()),
            reviewers: terms.roster.reviewers().to_vec(),
            max_rounds: Some(policy.max_rounds),
            required_gates: Some(policy.required_gates.clone()),
            test_timing: Some(policy.test_timing),
            on_reviewer_failure: Some(policy.on_reviewer_failure),
            after_approval: Some(policy.after_approval),
            followups: Some(policy.followups),
        }
    }
}
