//! The warnings about variables that agents and tests do not get: because they give access to the forge, or are not set. They
//! contain names, never values.

use std::collections::{BTreeMap, BTreeSet};

use crate::adapters::agents::local::{Program, RepairAgent};
use crate::adapters::process::variables::Variables;
use crate::adapters::storage::run_file::KnownAgent;
use crate::domain::roster::SeatKey;

/// Returns the warnings about the variables of the agents of a run.
pub fn warnings(
    seated: &[KnownAgent],
    programs: &BTreeMap<SeatKey, Program>,
    repair: &RepairAgent,
    variables: &Variables,
) -> [Option<String>; 2] {
    let seated = seated.iter().filter_map(|known| programs.get(&known.seat()));
    let all: Vec<&Program> = seated.chain(&repair.program).collect();
    let kept_back = all.iter().flat_map(|program| program.kept_back(variables));
    let unset = all.iter().flat_map(|program| program.unset(variables)).map(str::to_owned);
    [
        listed(kept_back).map(|names| {
            format!(
                "not passed to agents and tests: {names}. By name or value, they give access to the forge, which only agent-loop \
                 may have"
            )
        }),
        listed(unset).map(|names| {
            format!("an agent's setting `env` lists variables that are not set here: {names}")
        }),
    ]
}

fn listed(names: impl Iterator<Item = String>) -> Option<String> {
    let names: Vec<String> = names.collect::<BTreeSet<_>>().into_iter().collect();
    (!names.is_empty()).then(|| names.join(", "))
}
