//! The abilities of this machine for a run, and what is missing.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::agent::Role;
use crate::domain::ids::{GateName, Label};

use super::terms::Terms;

/// The abilities of this machine for the run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Abilities {
    /// The agents that are available, by role.
    pub agents: BTreeSet<(Role, Label)>,
    pub gates: BTreeSet<GateName>,
    /// The known problems of unavailable agents.
    pub missing: BTreeMap<(Role, Label), String>,
}

impl Abilities {
    /// Returns what is missing for a run, with the flag that provides it.
    pub fn lacking(&self, terms: &Terms) -> Option<String> {
        let coder = std::iter::once((Role::Coder, terms.roster.coder()));
        let reviewers = terms.roster.reviewers().iter().map(|seat| (Role::Reviewer, seat));
        for (role, seat) in coder.chain(reviewers) {
            let label = &seat.label;
            let who = (role, label.clone());
            if !self.agents.contains(&who) {
                return Some(self.missing.get(&who).cloned().unwrap_or_else(|| format!(
                    "this machine does not know how to start the {role} `{label}`; name it: `--{role} {label}=command:PATH`"
                )));
            }
        }
        let gates = terms.policy.gates();
        let (unknown, _) = gates.iter().find(|(gate, _)| !self.gates.contains(gate))?;
        let fix = if **unknown == GateName::tests() {
            "set `gates.tests.command`, or add `--test-command \"…\"`".to_owned()
        } else if **unknown == GateName::score() {
            "install aislop (`npm install --global aislop`), name it with `--aislop-cmd`, or drop the gate with \
             `--gate off`"
                .to_owned()
        } else {
            format!("set `gates.command.{unknown}.command`")
        };
        Some(format!(
            "this run requires the gate `{unknown}`, and this machine does not know its command: {fix}"
        ))
    }
}
