//! The abilities of this machine for a run, and what is missing.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::agent::Role;
use crate::domain::ids::{GateName, Label};
use crate::domain::roster::Seat;

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
    /// Returns what is missing for a change, with the flag that provides it.
    pub fn lacking(&self, terms: &Terms) -> Option<String> {
        let coder = std::iter::once((Role::Coder, terms.roster.coder()));
        let reviewers = terms.roster.reviewers().iter().map(|seat| (Role::Reviewer, seat));
        if let Some(absent) = self.absent(coder.chain(reviewers)) {
            return Some(absent);
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

    /// Returns why the first agent without a program cannot take its seat.
    pub fn absent<'seat>(&self, seats: impl IntoIterator<Item = (Role, &'seat Seat)>) -> Option<String> {
        let absent = |(role, seat): (Role, &Seat)| {
            let (label, who) = (&seat.label, (role, seat.label.clone()));
            let unknown = || {
                let flag = role.flag();
                format!(
                    "this machine does not know how to start the {role} `{label}`; name it: `--{flag} {label}=command:PATH`"
                )
            };
            let known = self.missing.get(&who).cloned();
            (!self.agents.contains(&who)).then(|| known.unwrap_or_else(unknown))
        };
        seats.into_iter().find_map(absent)
    }
}
