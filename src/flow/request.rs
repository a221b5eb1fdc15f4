//! What a person asked for on the command line, and how it meets what an earlier run recorded.

use crate::domain::agent::Role;
use crate::domain::ids::GateName;
use crate::domain::policy::{AfterApproval, Followups, OnReviewerFailure, Policy, TestTiming};
use crate::domain::roster::{InvalidRoster, Roster, Seat};

use super::budget::Budget;
use super::question::Persistence;
use super::retry::Tries;

/// What a person asked for, and how the program was configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What the command line says: it outranks what is recorded.
    pub asked: Overrides,
    /// What configuration says: an open run keeps the terms that it was opened with, a new one takes these.
    pub configured: Overrides,
    /// Who sits where when nobody says anything.
    pub default_coder: Seat,
    /// As `default_coder`.
    pub default_reviewer: Seat,
    /// `--parallel-reviewers`, `--no-parallel-reviewers`
    pub reviewing: Reviewing,
    /// What is done to get an answer.
    pub persistence: Persistence,
    /// `review.session`
    pub sessions: ReviewSessions,
    /// `--interactive`
    pub questions: Questions,
    /// `--budget-tokens`, `--budget-usd`, `--budget-minutes`
    pub budget: Budget,
    /// How long an unfinished board of checks is awaited, in seconds.
    pub ci_timeout_seconds: u64,
    /// How often it is looked at, in seconds.
    pub ci_poll_seconds: u64,
}

/// The terms of a run, as far as somebody says them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `--coder`
    pub coder: Option<Seat>,
    /// `--reviewer`, in order; empty when none was named.
    pub reviewers: Vec<Seat>,
    /// `--max-rounds`
    pub max_rounds: Option<u32>,
    /// The gates that must pass.
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

/// How the reviewers of a round are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reviewing {
    Parallel,
    Sequential,
}

/// Whether a reviewer goes on with its session of the round before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ReviewSessions {
    /// It does not: it looks at each head as if for the first time.
    #[default]
    Fresh,
    Resume,
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
    pub roster: Roster,
    pub policy: Policy,
}

/// What a run left in the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded<'terms> {
    Nothing,
    /// The terms of a run that goes on.
    Open(&'terms Terms),
    /// The terms of a run that has ended.
    Ended(&'terms Terms),
}

impl Overrides {
    /// These overrides; where they are silent, those.
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

impl Request {
    /// The terms of the run. What was asked for comes first; then, in an open run what is recorded, else what is configured.
    ///
    /// # Errors
    /// When the seats do not make a roster.
    pub fn terms(&self, recorded: Recorded<'_>) -> Result<Terms, InvalidRoster> {
        let (asked, configured) = (self.asked.clone(), self.configured.clone());
        let overrides = match recorded {
            Recorded::Nothing => asked.or(configured),
            Recorded::Open(terms) => asked.or(terms.into()),
            Recorded::Ended(terms) => asked.or(configured).or(terms.into()),
        };
        let usual = Policy::default();
        let reviewers = if overrides.reviewers.is_empty() {
            vec![self.default_reviewer.clone()]
        } else {
            overrides.reviewers
        };
        let coder = overrides.coder.unwrap_or_else(|| self.default_coder.clone());
        let coder = self.with_model(Role::Coder, coder);
        let reviewers = reviewers.into_iter().map(|seat| self.with_model(Role::Reviewer, seat)).collect();
        let policy = Policy {
            max_rounds: overrides.max_rounds.unwrap_or(usual.max_rounds),
            required_gates: overrides.required_gates.unwrap_or(usual.required_gates),
            test_timing: overrides.test_timing.unwrap_or(usual.test_timing),
            on_reviewer_failure: overrides.on_reviewer_failure.unwrap_or(usual.on_reviewer_failure),
            after_approval: overrides.after_approval.unwrap_or(usual.after_approval),
            followups: overrides.followups.unwrap_or(usual.followups),
        };
        Ok(Terms { roster: Roster::new(coder, reviewers)?, policy })
    }

    /// A seat with the model that this machine asks for first; where it names none, with the recorded one.
    fn with_model(&self, role: Role, seat: Seat) -> Seat {
        let who = (role, seat.label.clone());
        let named = self.persistence.retry.model(&who, &Tries::default()).map(str::to_owned);
        Seat { model: named.or(seat.model), ..seat }
    }

    /// The same request, with everything that was left out taken from these terms.
    #[must_use]
    pub fn bound_to(&self, terms: &Terms) -> Self {
        Self { asked: self.asked.clone().or(terms.into()), ..self.clone() }
    }
}
