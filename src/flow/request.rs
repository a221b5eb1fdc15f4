//! What a person asked for on the command line, and how it meets what an earlier run recorded.

use crate::domain::ids::GateName;
use crate::domain::policy::{AfterApproval, OnReviewerFailure, Policy, TestTiming};
use crate::domain::roster::{InvalidRoster, Roster, Seat};

/// What a person asked for. What was left out takes the recorded value, or the default in a new run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `--coder`
    pub coder: Option<Seat>,
    /// `--reviewer`, in order; empty when none was given.
    pub reviewers: Vec<Seat>,
    /// Who sits where when nothing was asked for and nothing is recorded.
    pub default_coder: Seat,
    /// As `default_coder`.
    pub default_reviewer: Seat,
    /// `--max-rounds`
    pub max_rounds: Option<u32>,
    /// The gates that were asked for.
    pub required_gates: Option<Vec<GateName>>,
    /// `--no-pre-review-tests`
    pub test_timing: Option<TestTiming>,
    /// `--on-reviewer-failure`
    pub on_reviewer_failure: Option<OnReviewerFailure>,
    /// `--auto-merge`
    pub after_approval: Option<AfterApproval>,
    /// `--parallel-reviewers`, `--no-parallel-reviewers`
    pub reviewing: Reviewing,
    /// `--interactive`
    pub questions: Questions,
    /// How long an unfinished board of checks is awaited, in seconds.
    pub ci_timeout_seconds: u64,
    /// How often it is looked at, in seconds.
    pub ci_poll_seconds: u64,
}

/// How the reviewers of a round are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reviewing {
    /// All at once.
    Parallel,
    /// One after the other.
    Sequential,
}

/// What happens when the coder has questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Questions {
    /// A person is asked, at most so many times.
    Interactive {
        /// `--max-clarification-rounds`
        at_most: u32,
    },
    /// The run stops with the questions.
    Stop,
}

/// Who takes part, and by which rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Who takes part.
    pub roster: Roster,
    /// The rules.
    pub policy: Policy,
}

impl Request {
    /// The terms of the run: what was asked for, else what is recorded, else the defaults.
    ///
    /// # Errors
    /// When the seats do not make a roster.
    pub fn terms(&self, recorded: Option<&Terms>) -> Result<Terms, InvalidRoster> {
        let base = recorded.map_or_else(Policy::default, |terms| terms.policy.clone());
        let policy = Policy {
            max_rounds: self.max_rounds.unwrap_or(base.max_rounds),
            required_gates: self.required_gates.clone().unwrap_or(base.required_gates),
            test_timing: self.test_timing.unwrap_or(base.test_timing),
            on_reviewer_failure: self.on_reviewer_failure.unwrap_or(base.on_reviewer_failure),
            after_approval: self.after_approval.unwrap_or(base.after_approval),
        };
        let recorded_coder = recorded.map_or(&self.default_coder, |terms| terms.roster.coder());
        let coder = self.coder.as_ref().unwrap_or(recorded_coder).clone();
        let recorded_reviewers = recorded.map(|terms| terms.roster.reviewers().to_vec());
        let reviewers = if self.reviewers.is_empty() {
            recorded_reviewers.unwrap_or_else(|| vec![self.default_reviewer.clone()])
        } else {
            self.reviewers.clone()
        };
        Ok(Terms { roster: Roster::new(coder, reviewers)?, policy })
    }

    /// The same request, with everything that was left out taken from these terms.
    #[must_use]
    pub fn bound_to(&self, terms: &Terms) -> Self {
        let policy = &terms.policy;
        let reviewers = if self.reviewers.is_empty() {
            terms.roster.reviewers().to_vec()
        } else {
            self.reviewers.clone()
        };
        Self {
            coder: Some(self.coder.clone().unwrap_or_else(|| terms.roster.coder().clone())),
            reviewers,
            max_rounds: self.max_rounds.or(Some(policy.max_rounds)),
            required_gates: self.required_gates.clone().or_else(|| Some(policy.required_gates.clone())),
            test_timing: self.test_timing.or(Some(policy.test_timing)),
            on_reviewer_failure: self.on_reviewer_failure.or(Some(policy.on_reviewer_failure)),
            after_approval: self.after_approval.or(Some(policy.after_approval)),
            ..self.clone()
        }
    }
}
