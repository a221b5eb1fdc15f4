//! What this machine can do for a run, and what it lacks for one.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::agent::Role;
use crate::domain::ids::{GateName, Label};

use super::terms::Terms;

/// What this machine can do for the run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Abilities {
    /// Who can be asked here, in which role.
    pub agents: BTreeSet<(Role, Label)>,
    pub gates: BTreeSet<GateName>,
    /// What is wrong with those who can't be asked, where that is known.
    pub missing: BTreeMap<(Role, Label), String>,
}

impl Abilities {
    /// What this machine lacks for a run, and the flag that gives it.
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
        let unknown = terms.policy.required_gates.iter().find(|gate| !self.gates.contains(gate))?;
        Some(format!(
            "this run requires the gate `{unknown}`, and this machine does not know its command; set \
             `gates.{unknown}.command`{}",
            if *unknown == GateName::tests() { ", or add `--test-command \"…\"`" } else { "" }
        ))
    }
}
