//! Which variables agents and tests ask for and never get, because they open the forge: said by name, never by value.

use std::collections::{BTreeMap, BTreeSet};

use crate::adapters::agents::local::{Program, RepairAgent};
use crate::adapters::process::variables::Variables;
use crate::adapters::storage::run_file::KnownAgent;
use crate::domain::agent::Role;
use crate::domain::ids::Label;

/// What a person should know, if any is kept back from those who take part.
pub fn warning(
    seated: &[KnownAgent],
    (programs, repair): (&BTreeMap<(Role, Label), Program>, &RepairAgent),
    variables: &Variables,
) -> Option<String> {
    let seated = seated.iter().filter_map(|known| programs.get(&(known.role, known.name.label.clone())));
    let names: BTreeSet<String> =
        seated.chain(&repair.program).flat_map(|program| program.kept_back(variables)).collect();
    let names: Vec<String> = names.into_iter().collect();
    (!names.is_empty()).then(|| {
        format!(
            "not passed on to agents and tests: {}. By name or value it opens the forge, and that is for agent-loop alone",
            names.join(", ")
        )
    })
}
