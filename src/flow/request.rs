//! The request of a command line, and how it is combined with the terms that an earlier run recorded.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::agent::Role;
use crate::domain::ending::Ending;
use crate::domain::execution::{DeferredWork, Execution, ExecutionMode};
use crate::domain::gate_plan::{GateChoice, NotRun};
use crate::domain::ids::{GateName, IssueNumber};
use crate::domain::policy::Policy;
use crate::domain::roster::{InvalidRoster, Roster, Seat, SeatKey};

use super::budget::Budget;
use super::persistence::Persistence;
use super::retry::Tries;
use super::run::RunState;
use super::terms::{Overrides, PlannedGates, RecordedTerms, Terms};

/// The request of a command, with the configuration of the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The terms of the command line, which override recorded ones.
    pub asked: Overrides,
    /// The terms of the configuration: new runs use them, an open run keeps its recorded ones.
    pub configured: Overrides,
    /// The default coder.
    pub default_coder: Seat,
    /// The default reviewer; in a debate, the default coder is the second debater.
    pub default_reviewer: Seat,
    /// The roles that flags of earlier commands on the subject have named: a new run keeps their agents.
    pub kept_roles: BTreeSet<Role>,
    /// `--parallel-reviewers`, `--no-parallel-reviewers`
    pub reviewing: Reviewing,
    /// `--discuss-parallel`
    pub debating: Reviewing,
    /// The efforts to get a valid answer.
    pub persistence: Persistence,
    /// `review.session`
    pub sessions: ReviewSessions,
    /// `--interactive`
    pub questions: Questions,
    /// The plan of an issue, and what follows it.
    pub planning: PlanningChoices,
    /// `--budget-tokens`, `--budget-usd`, `--budget-minutes`
    pub budget: Budget,
    /// `--ci-check-name`: the only check that counts.
    pub ci_check: Option<String>,
    /// The maximum time to wait for the first check of a commit, in seconds.
    pub ci_start_seconds: u64,
    /// The maximum time to wait for unfinished checks, in seconds.
    pub ci_timeout_seconds: u64,
    /// The interval between two reads of unfinished checks, in seconds.
    pub ci_poll_seconds: u64,
}

/// The choices of a command line about a plan and its execution; what is not set is as recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanningChoices {
    /// `--coder`, if another one implements the plan.
    pub planner: Option<Seat>,
    /// `--plan-execution-mode`, `--implement-after-approval`
    pub mode: Option<ExecutionMode>,
    /// `--materialize-split-issues`
    pub stages: Option<DeferredWork>,
    /// `--split-stage`
    pub stage: Option<IssueNumber>,
    /// `--implementation-coder`
    pub coder: Option<Seat>,
    /// What the configuration says; a new run uses it.
    pub configured: Execution,
}

/// Whether the reviewers or the debaters of a round are asked in parallel.
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

/// The reaction to questions of the coder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Questions {
    /// A person is asked, up to a number of times.
    Interactive {
        /// `--max-clarification-rounds`
        at_most: u32,
    },
    /// The run stops with the questions.
    Stop,
}

impl Request {
    /// Returns the terms of the run: those of the command line, then those of an open run, else the agents that flags have named
    /// before, else those of the configuration.
    ///
    /// # Errors
    /// When the seats do not form a roster.
    pub fn terms(&self, recorded: Option<RecordedTerms<'_>>) -> Result<Terms, InvalidRoster> {
        let (asked, configured) = (self.asked.clone(), self.configured.clone());
        let overrides = match recorded {
            None => asked.or(configured),
            Some(RecordedTerms { run, terms }) if run.is_open() => asked.or(terms.into()),
            // A new run: settings alone decide about its gates.
            Some(RecordedTerms { terms, .. }) => {
                let recorded = Overrides { gates: BTreeMap::new(), ..terms.into() };
                let is_kept = |role: Role| self.kept_roles.contains(&role);
                let kept = Overrides {
                    coder: recorded.coder.clone().filter(|_| is_kept(Role::Coder)),
                    reviewers: recorded
                        .reviewers
                        .iter()
                        .filter(|_| is_kept(Role::Reviewer))
                        .cloned()
                        .collect(),
                    ..Overrides::default()
                };
                asked.or(kept).or(configured).or(recorded)
            }
        };
        let usual = Policy::default();
        let reviewers = if overrides.reviewers.is_empty() {
            vec![self.default_reviewer.clone()]
        } else {
            overrides.reviewers
        };
        let coder = overrides.coder.unwrap_or_else(|| self.default_coder.clone());
        let coder = self.with_model(Role::Coder, coder);
        let reviewers: Vec<Seat> =
            reviewers.into_iter().map(|seat| self.with_model(Role::Reviewer, seat)).collect();
        let PlannedGates { required, advisory, late, not_run } = PlannedGates::of(overrides.gates);
        let policy = Policy {
            max_rounds: overrides.max_rounds.unwrap_or(usual.max_rounds),
            required_gates: required,
            advisory_gates: advisory,
            late_gates: late,
            gates_not_run: not_run,
            test_timing: overrides.test_timing.unwrap_or(usual.test_timing),
            on_reviewer_failure: overrides.on_reviewer_failure.unwrap_or(usual.on_reviewer_failure),
            after_approval: overrides.after_approval.unwrap_or(usual.after_approval),
            followups: overrides.followups.unwrap_or(usual.followups),
        };
        Ok(Terms { roster: Roster::new(coder, reviewers.try_into()?), policy })
    }

    /// Returns the request for a plan, whose coder may be another one than that of the implementation.
    #[must_use]
    pub fn for_planning(&self) -> Self {
        let PlanningChoices { coder, planner, .. } = &self.planning;
        let planner = if coder.is_some() { planner.clone() } else { self.asked.coder.clone() };
        Self { asked: Overrides { coder: planner, ..self.asked.clone() }, ..self.clone() }
    }

    /// Returns what follows the approval of a plan: as this command says, else as recorded by a run that did not reach its goal.
    pub fn execution(&self, recorded: Option<(&RunState, &Execution)>) -> Execution {
        let is_done = |run: &RunState| matches!(run.ending, Some(Ending::Planned | Ending::Decomposed));
        let recorded = recorded.filter(|(run, _)| !is_done(run)).map(|(_, execution)| execution.clone());
        let choices = self.planning.clone();
        let recorded = recorded.unwrap_or(choices.configured);
        let coder = choices.coder.map(|coder| self.with_model(Role::Coder, coder));
        Execution {
            mode: choices.mode.unwrap_or(recorded.mode),
            stages: choices.stages.unwrap_or(recorded.stages),
            stage: choices.stage.or(recorded.stage),
            coder: coder.or(recorded.coder),
        }
    }

    /// Returns a seat with the first model of this machine's configuration; without one, with the recorded model.
    pub fn with_model(&self, role: Role, seat: Seat) -> Seat {
        let who = SeatKey::new(role, &seat.label);
        let named = self.persistence.retry.model(&who, &Tries::default()).map(str::to_owned);
        Seat { model: named.or(seat.model), ..seat }
    }

    /// Returns the request for a thread in which these gates have open items: a new run requires the gates too, unless they
    /// are turned off.
    #[must_use]
    pub fn with_red(&self, gates: BTreeSet<GateName>) -> Self {
        let mut request = self.clone();
        for gate in gates {
            let choice = request.configured.gates.entry(gate).or_insert(GateChoice::REQUIRED);
            match choice {
                GateChoice::Off(NotRun::NoScorer | NotRun::NoTestCommand) => *choice = GateChoice::REQUIRED,
                GateChoice::Off(NotRun::TurnedOff) | GateChoice::On(_) => {}
            }
        }
        request
    }

    /// Completes the request with these terms.
    #[must_use]
    pub fn bound_to(&self, terms: &Terms) -> Self {
        Self { asked: self.asked.clone().or(terms.into()), ..self.clone() }
    }
}
