//! The rules of branches: classic protection, of which only administrators see everything, and rulesets.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::answers::Answer;
use super::routes::Request;
use super::state::{Role, State};

/// The rules of the branches, as GitHub shows them.
#[derive(Debug, Default)]
pub(crate) struct Protection {
    /// The classic protection of branches.
    pub(crate) classic: BTreeMap<String, Value>,
    /// The rules of active rulesets for `main`.
    pub(crate) rules: Vec<Value>,
    /// The rules of active rulesets for other branches.
    pub(crate) rules_of_branches: BTreeMap<String, Vec<Value>>,
    /// Whether the plan of a private repository lacks all of this.
    pub(crate) is_not_in_plan: bool,
}

impl Protection {
    /// Returns the rules of rulesets for a branch, which need not exist.
    pub(crate) fn rules(&self, branch: &str) -> &[Value] {
        if branch == "main" {
            &self.rules
        } else {
            self.rules_of_branches.get(branch).map_or(&[], Vec::as_slice)
        }
    }
}

const NOT_IN_PLAN: &str = "Upgrade to GitHub Pro or make this repository public to enable this feature.";

/// Returns a branch with its required checks. That of a fork is known here as `OWNER/REPO:BRANCH`.
pub(crate) fn branch(state: &State, name: &str, tip: Option<String>) -> Answer {
    let Some(tip) = tip else { return Answer::says(404, "Branch not found") };
    let classic = state.protection.classic.get(name);
    let checks = classic.map(|whole| &whole["required_status_checks"]).filter(|checks| !checks.is_null());
    let shown = checks.map_or_else(
        || json!({ "enforcement_level": "off", "contexts": [], "checks": [] }),
        |checks| json!({ "enforcement_level": "non_admins", "contexts": checks["contexts"], "checks": checks["checks"] }),
    );
    Answer::ok(json!({
        "name": name, "commit": { "sha": tip }, "protected": classic.is_some() || !state.protection.rules(name).is_empty(),
        "protection": { "enabled": classic.is_some(), "required_status_checks": shown },
    }))
}

/// Returns the whole protection of a branch, which only administrators may read.
pub(crate) fn whole(state: &State, request: &Request<'_>, name: &str) -> Answer {
    match (request.by.role, state.protection.classic.get(name)) {
        (Role::Write | Role::Read, _) => Answer::says(404, "Not Found"),
        (Role::Admin, _) if state.protection.is_not_in_plan => Answer::says(403, NOT_IN_PLAN),
        (Role::Admin, None) => Answer::says(404, "Branch not protected"),
        (Role::Admin, Some(classic)) => Answer::ok(classic.clone()),
    }
}

/// Returns the rules of rulesets for a branch.
pub(crate) fn rules(state: &State, branch: &str) -> Answer {
    if state.protection.is_not_in_plan {
        return Answer::says(403, NOT_IN_PLAN);
    }
    Answer::ok(state.protection.rules(branch).into())
}
