//! The warning about variables that are withheld from agents and tests because they give access to the forge. It contains
//! their names, never their values.

use std::collections::{BTreeMap, BTreeSet};

use crate::adapters::agents::local::{Program, RepairAgent};
use crate::adapters::process::variables::Variables;
use crate::adapters::storage::run_file::KnownAgent;
use crate::domain::roster::SeatKey;

/// Returns the warning, if a variable is withheld from an agent of the run.
pub fn warning(
    seated: &[KnownAgent],
    programs: &BTreeMap<SeatKey, Program>,
    repair: &RepairAgent,
    variables: &Variables,
) -> Option<String> {
    let seated = seated.iter().filter_map(|known| programs.get(&known.seat()));
    let names: BTreeSet<String> =
        seated.chain(&repair.program).flat_map(|program| program.kept_back(variables)).collect();
    let names: Vec<String> = names.into_iter().collect();
    (!names.is_empty()).then(|| {
        format!(
            "not passed to agents and tests: {}. By name or value, they give access to the forge, which only agent-loop may have",
            names.join(", ")
        )
    })
}
