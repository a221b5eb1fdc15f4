//! Why a head is approved or not: each condition of an approval with its evidence, and what would change it.

use super::gate::{Measurement, Verdict};
use super::gate_plan::{GateWeight, NotRun};
use super::ids::{CommitSha, GateName};
use super::word_list::word_list;

word_list!(
    ConditionKind {
        /// The approval of a reviewer.
        Vote = "vote",
        /// A finding that must be fixed.
        Item = "item",
        /// A person's requirement that every vote must cover.
        Requirement = "requirement",
        Gate = "gate",
        /// The forge's checks.
        Checks = "checks",
    }
);

word_list!(
    /// Whether a condition of an approval holds.
    ConditionState {
        Met = "met",
        Unmet = "unmet",
        /// It could not be measured.
        Inconclusive = "inconclusive",
        /// It has no result yet.
        Pending = "pending",
        /// Nothing depends on it.
        Advisory = "advisory",
        /// It is not measured, and nothing depends on it.
        NotRun = "not-run",
    }
);

/// A condition of an approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    pub kind: ConditionKind,
    /// The reviewer, the item, the requirement or the gate.
    pub name: String,
    pub state: ConditionState,
    pub evidence: String,
    /// The findings of a gate.
    pub findings: Vec<String>,
    /// What would change the state, unless nothing has to.
    pub remedy: Option<&'static str>,
}

impl Condition {
    /// Returns the condition of a required gate that this machine cannot measure.
    pub fn unmeasurable(gate: &GateName, why: String) -> Self {
        let remedy = Some("the command of the gate in the settings, or --no-gate");
        Self { remedy, ..Self::gate(gate, ConditionState::Inconclusive, why) }
    }

    pub fn not_run(gate: &GateName, why: NotRun) -> Self {
        Self::gate(gate, ConditionState::NotRun, why.name().to_owned())
    }

    fn gate(gate: &GateName, state: ConditionState, evidence: String) -> Self {
        let (kind, name) = (ConditionKind::Gate, gate.to_string());
        Self { kind, name, state, evidence, findings: Vec::new(), remedy: None }
    }

    pub fn of_gate(measured: &Measurement, weight: GateWeight) -> Self {
        use ConditionState::{Advisory, Inconclusive, Met, Unmet};
        let (state, remedy) = match (weight, measured.verdict) {
            (GateWeight::Advisory, Verdict::Pass | Verdict::Fail | Verdict::Inconclusive) => (Advisory, None),
            (GateWeight::Required, Verdict::Pass) => (Met, None),
            (GateWeight::Required, Verdict::Fail) => (Unmet, Some("a commit on which the gate passes")),
            (GateWeight::Required, Verdict::Inconclusive) => {
                (Inconclusive, Some("remove the cause, then measure again"))
            }
        };
        let verdict = measured.verdict.name();
        let evidence = match (state, measured.detail.as_str()) {
            (_, "") => verdict.to_owned(),
            (Advisory, detail) => format!("{verdict}: {detail}"),
            (Met | Unmet | Inconclusive | ConditionState::Pending | ConditionState::NotRun, detail) => {
                detail.to_owned()
            }
        };
        let findings = measured.findings.iter().map(|finding| finding.text.clone()).collect();
        Self { findings, remedy, ..Self::gate(&measured.gate, state, evidence) }
    }
}

/// The conditions of the approval of one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    pub head: CommitSha,
    pub conditions: Vec<Condition>,
}

impl Explanation {
    /// Returns the exit code of a run that would end like this.
    pub fn exit_code(&self) -> u8 {
        let any = |state| self.conditions.iter().any(|condition| condition.state == state);
        if any(ConditionState::Unmet) {
            1
        } else if any(ConditionState::Inconclusive) {
            6
        } else if any(ConditionState::Pending) {
            5
        } else {
            0
        }
    }
}
