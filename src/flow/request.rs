//! What a person asked for on the command line, and how it meets what an earlier run recorded.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::agent::Role;
use crate::domain::policy::Policy;
use crate::domain::roster::{InvalidRoster, Roster, Seat};

use super::budget::Budget;
use super::persistence::Persistence;
use super::retry::Tries;
use super::run::RunState;
use super::terms::{Overrides, Terms};

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

/// How the reviewers of a round are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reviewing {
    Parallel,
    Sequential,
}

/// Whether a reviewer resumes its session of the previous round.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReviewSessions {
    /// Each round starts a new session: reviewers see each commit as if for the first time.
    #[default]
    Fresh,
    /// Each round continues the session of the previous one.
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

impl Request {
    /// The terms of the run. What was asked for comes first; then, in an open run what is recorded, else what is configured.
    ///
    /// # Errors
    /// When the seats do not make a roster.
    pub fn terms(&self, recorded: Option<&RunState>) -> Result<Terms, InvalidRoster> {
        let (asked, configured) = (self.asked.clone(), self.configured.clone());
        let overrides = match recorded {
            None => asked.or(configured),
            Some(run) if run.is_open() => asked.or((&run.terms).into()),
            Some(run) => asked.or(configured).or((&run.terms).into()),
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
