//! The abilities of this machine for a run, and what is missing.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::agent::Role;
use crate::domain::ids::GateName;
use crate::domain::roster::{Seat, SeatKey};

use super::terms::Terms;

/// The abilities of this machine for the run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Abilities {
    /// The agents that are available, by role.
    pub agents: BTreeSet<SeatKey>,
    pub gates: BTreeSet<GateName>,
    /// The known problems of unavailable agents.
    pub missing: BTreeMap<SeatKey, String>,
    /// Why the forge accepts no issue, if it accepts none.
    pub no_issues: Option<String>,
}

impl Abilities {
    /// Returns what is missing for a change, with the flag that provides it.
    pub fn lacking(&self, terms: &Terms) -> Option<String> {
        let coder = std::iter::once((Role::Coder, terms.roster.coder()));
        let reviewers = terms.roster.reviewers().iter().map(|seat| (Role::Reviewer, seat));
        if let Some(absent) = self.absent(coder.chain(reviewers)) {
            return Some(absent);
        }
        if let Some(why) = self.no_issues.as_ref().filter(|_| terms.policy.followups.files_issues()) {
            return Some(format!(
                "{why}, so no follow-up can be filed; use `--approved-followups summarize`"
            ));
        }
        let gates = terms.policy.gates();
        gates.iter().find_map(|(gate, _)| self.unmeasurable(gate))
    }

    /// Returns why this machine cannot measure a gate, with the flags that change it.
    pub fn unmeasurable(&self, gate: &GateName) -> Option<String> {
        let fix = if *gate == GateName::tests() {
            "set `gates.tests.command`, add `--test-command \"…\"`".to_owned()
        } else if *gate == GateName::score() {
            "install aislop (`npm install --global aislop`), name it with `--aislop-cmd`".to_owned()
        } else if *gate == GateName::tamper() {
            "allow it with `--tamper block`".to_owned()
        } else {
            format!("set `gates.command.{gate}.command`")
        };
        let message = || {
            format!(
                "the gate `{gate}` must pass, because the open run requires it or it has open findings, and this machine \
                 cannot measure it: {fix}, or drop the gate with `--no-gate {gate}`"
            )
        };
        (!self.gates.contains(gate)).then(message)
    }

    /// Returns why the first agent without a program cannot take its seat.
    pub fn absent<'seat>(&self, seats: impl IntoIterator<Item = (Role, &'seat Seat)>) -> Option<String> {
        let absent = |(role, seat): (Role, &Seat)| {
            let (label, who) = (&seat.label, SeatKey::new(role, &seat.label));
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
