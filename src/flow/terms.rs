//! The terms of a run, its participants and rules, as overrides and as recorded.

use std::collections::BTreeMap;

use crate::domain::debate::{OnDebaterFailure, ResearchPolicy};
use crate::domain::execution::DeferredWork;
use crate::domain::gate::Measurement;
use crate::domain::gate_plan::{GateChoice, GatePlan, GateTiming, GateWeight, NotRun};
use crate::domain::ids::GateName;
use crate::domain::policy::{AfterApproval, Followups, OnReviewerFailure, Policy, TestTiming};
use crate::domain::roster::{Roster, Seat};

use super::run::RunState;

/// The terms of a run that a command line or a configuration sets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    pub coder: Option<Seat>,
    /// `--reviewer`, in order; empty if not set.
    pub reviewers: Vec<Seat>,
    pub max_rounds: Option<u32>,
    /// The gates about which something was decided.
    pub gates: BTreeMap<GateName, GateChoice>,
    /// `--no-pre-review-tests`
    pub test_timing: Option<TestTiming>,
    pub on_reviewer_failure: Option<OnReviewerFailure>,
    /// `--auto-merge`
    pub after_approval: Option<AfterApproval>,
    /// `--approved-followups`
    pub followups: Option<Followups>,
    pub debate: DebateOverrides,
}

/// The terms of a debate that a command line or a configuration sets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DebateOverrides {
    /// `--discuss-analyzer`
    pub analyzer: Option<Seat>,
    /// `--discuss-max-rounds`
    pub max_rounds: Option<u32>,
    /// `--discuss-research`
    pub research: Option<ResearchPolicy>,
    /// `--discuss-on-debater-failure`
    pub on_failure: Option<OnDebaterFailure>,
    /// `--materialize-split-issues`
    pub stages: Option<DeferredWork>,
}

impl DebateOverrides {
    /// Combines these overrides with others, which are used where these are not set.
    #[must_use]
    pub fn or(self, others: Self) -> Self {
        Self {
            analyzer: self.analyzer.or(others.analyzer),
            max_rounds: self.max_rounds.or(others.max_rounds),
            research: self.research.or(others.research),
            on_failure: self.on_failure.or(others.on_failure),
            stages: self.stages.or(others.stages),
        }
    }
}

/// The participants and rules of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    pub roster: Roster,
    pub policy: Policy,
}

/// The terms of the latest run, as its records say.
#[derive(Debug, Clone, Copy)]
pub struct RecordedTerms<'run> {
    pub run: &'run RunState,
    pub terms: &'run Terms,
}

impl Terms {
    /// Returns the gates that a run with these terms still has to measure for the first time.
    pub fn unmeasured(&self, measured: &[Measurement]) -> Vec<GateName> {
        let planned = self.policy.gates().into_iter().map(|(gate, _)| gate);
        planned.filter(|gate| measured.iter().all(|one| one.gate != **gate)).cloned().collect()
    }
}

impl Overrides {
    /// Combines these overrides with others, which are used where these are not set.
    #[must_use]
    pub fn or(self, others: Self) -> Self {
        let mut gates = others.gates;
        gates.extend(self.gates);
        Self {
            gates,
            coder: self.coder.or(others.coder),
            reviewers: if self.reviewers.is_empty() { others.reviewers } else { self.reviewers },
            max_rounds: self.max_rounds.or(others.max_rounds),
            test_timing: self.test_timing.or(others.test_timing),
            on_reviewer_failure: self.on_reviewer_failure.or(others.on_reviewer_failure),
            after_approval: self.after_approval.or(others.after_approval),
            followups: self.followups.or(others.followups),
            debate: self.debate.or(others.debate),
        }
    }
}

/// The gates of a run by their use, as its policy records them.
#[derive(Debug, Default)]
pub(super) struct PlannedGates {
    pub(super) required: Vec<GateName>,
    pub(super) advisory: Vec<GateName>,
    pub(super) late: Vec<GateName>,
    pub(super) not_run: BTreeMap<GateName, NotRun>,
}

impl PlannedGates {
    /// Sorts the gates by use. The gate `tamper`, which runs nothing, is measured first, then the tests.
    pub(super) fn of(choices: BTreeMap<GateName, GateChoice>) -> Self {
        let mut choices: Vec<_> = choices.into_iter().collect();
        choices.sort_by_key(|(gate, _)| [*gate != GateName::tamper(), *gate != GateName::tests()]);
        let mut planned = Self::default();
        for (gate, choice) in choices {
            let GatePlan { timing, weight } = match choice {
                GateChoice::On(plan) => plan,
                GateChoice::Off(why) => {
                    planned.not_run.insert(gate, why);
                    continue;
                }
            };
            if timing == GateTiming::BeforeApproval && gate != GateName::tests() {
                planned.late.push(gate.clone());
            }
            match weight {
                GateWeight::Required => planned.required.push(gate),
                GateWeight::Advisory => planned.advisory.push(gate),
            }
        }
        planned
    }
}

impl From<&Terms> for Overrides {
    fn from(terms: &Terms) -> Self {
        let policy = &terms.policy;
        let measured = policy.gates().into_iter().map(|(gate, plan)| (gate.clone(), GateChoice::On(plan)));
        let not_run = policy.gates_not_run.iter().map(|(gate, why)| (gate.clone(), GateChoice::Off(*why)));
        Self {
            coder: Some(terms.roster.coder().clone()),
            reviewers: terms.roster.reviewers().to_vec(),
            max_rounds: Some(policy.max_rounds),
            gates: measured.chain(not_run).collect(),
            test_timing: Some(policy.test_timing),
            on_reviewer_failure: Some(policy.on_reviewer_failure),
            after_approval: Some(policy.after_approval),
            followups: Some(policy.followups),
            debate: DebateOverrides::default(),
        }
    }
}
