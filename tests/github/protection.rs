//! The rules of branches: classic protection, of which only administrators see everything, and rulesets.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::answers::Answer;
use super::git;
use super::routes::Request;
use super::state::{Role, State};

/// The rules of the branches, as GitHub shows them.
#[derive(Debug, Default)]
pub(crate) struct Protection {
    /// The classic protection of branches.
    pub(crate) classic: BTreeMap<String, Value>,
    /// The rules of rulesets that are in force, for every branch.
    pub(crate) rules: Vec<Value>,
    /// Whether the plan of a private repository lacks all of this.
    pub(crate) is_not_in_plan: bool,
}

const NOT_IN_PLAN: &str = "Upgrade to GitHub Pro or make this repository public to enable this feature.";

/// A branch, with the checks that it requires.
pub(crate) fn branch(state: &State, name: &str) -> Answer {
    let Some(tip) = git::tip(&state.bare, name) else { return Answer::says(404, "Branch not found") };
    let classic = state.protection.classic.get(name);
    let checks = classic.map(|whole| &whole["required_status_checks"]).filter(|checks| !checks.is_null());
    let shown = checks.map_or_else(
        || json!({ "enforcement_level": "off", "contexts": [], "checks": [] }),
        |checks| json!({ "enforcement_level": "non_admins", "contexts": checks["contexts"], "checks": checks["checks"] }),
    );
    Answer::ok(json!({
        "name": name, "commit": { "sha": tip }, "protected": classic.is_some() || !state.protection.rules.is_empty(),
        "protection": { "enabled": classic.is_some(), "required_status_checks": shown },
    }))
}

/// The whole protection of a branch.
pub(crate) fn whole(state: &State, request: &Request<'_>, name: &str) -> Answer {
    match (request.by.role, state.protection.classic.get(name)) {
        (Role::Write | Role::Read, _) => Answer::says(404, "Not Found"),
        (Role::Admin, _) if state.protection.is_not_in_plan => Answer::says(403, NOT_IN_PLAN),
        (Role::Admin, None) => Answer::says(404, "Branch not protected"),
        (Role::Admin, Some(classic)) => Answer::ok(classic.clone()),
    }
}

/// The rules of rulesets.
pub(crate) fn rules(state: &State) -> Answer {
    if state.protection.is_not_in_plan {
        return Answer::says(403, NOT_IN_PLAN);
    }
    Answer::ok(state.protection.rules.clone().into())
}
