//! Checks of GitHub: the login of gh, its scopes and permission, remaining requests, and the rules of the default branch.

use crate::adapters::github::address::RepositoryAddress;
use crate::adapters::github::health::{Archive, LoginHealth, RequestLimit};
use crate::adapters::github::{Gh, GithubForge};
use crate::cli::surroundings::Surroundings;
use crate::domain::branch_rules::BranchRules;
use crate::domain::ids::BranchName;
use crate::ports::forge::{AuthorRole, Forge, ForgeError};
use crate::text::markdown::count;

use super::report::{CheckGroup, DoctorCheck, DoctorVerdict};

/// A run with fewer requests left may have to wait.
const FEW_REQUESTS: u64 = 200;

/// Checks the login of gh and the repository. At most seven calls, which change nothing.
pub(super) async fn checks(
    address: &RepositoryAddress,
    gh_command: &str,
    surroundings: &Surroundings,
) -> CheckGroup {
    let gh = Gh::new(gh_command, &address.host, &surroundings.variables, &surroundings.folder);
    let checks = match look(gh, address).await {
        Ok(checks) => checks,
        Err(error) => vec![failed(&error)],
    };
    CheckGroup::new("GitHub", checks)
}

async fn look(gh: Gh, address: &RepositoryAddress) -> Result<Vec<DoctorCheck>, ForgeError> {
    let forge = GithubForge::open(gh, address).await?;
    let health = forge.health().await?;
    let branch = forge.default_branch();
    let rules = forge.branch_rules(branch).await?;
    let address = forge.address();
    Ok(vec![
        DoctorCheck::ok("login", format!("{} on {}", health.login, address.host)),
        scopes(&health, &address.host),
        permission(&health, &address.to_string()),
        requests(health.requests.as_ref()),
        protection(branch, &rules),
    ])
}

/// Returns the check of a login that does not work. The message names what to do, as that of a run does.
fn failed(error: &ForgeError) -> DoctorCheck {
    let (seen, fix) = match error.to_string().split_once("; ") {
        Some((seen, fix)) => (seen.to_owned(), Some(fix.to_owned())),
        None => (error.to_string(), None),
    };
    DoctorCheck { fix, ..DoctorCheck::error("login", seen) }
}

fn scopes(health: &LoginHealth, host: &str) -> DoctorCheck {
    let Some(scopes) = &health.scopes else {
        return DoctorCheck::ok("scopes", "none: GitHub does not list the permissions of this kind of token");
    };
    if scopes.split(',').any(|scope| scope.trim() == "workflow") {
        return DoctorCheck::ok("scopes", scopes.clone());
    }
    let seen =
        format!("{scopes}; without `workflow`, changes of .github/workflows cannot be pushed over https");
    let fix = format!("gh auth refresh --hostname {host} --scopes workflow");
    DoctorCheck::note("scopes", seen).fix(fix)
}

fn permission(health: &LoginHealth, repository: &str) -> DoctorCheck {
    let login = &health.login;
    let may = match (health.archive, health.role) {
        (Archive::Archived, _) => {
            let seen = format!("{repository} is archived, so nothing can be written to it");
            return DoctorCheck::error("permission", seen);
        }
        (Archive::Active, AuthorRole::Owner) => "administer",
        (Archive::Active, AuthorRole::Member) => "write to",
        (Archive::Active, AuthorRole::Stranger) => {
            return DoctorCheck::error("permission", format!("{login} may not write to {repository}"))
                .fix("ask its owners for write access, or work on a fork of your own with --repo");
        }
    };
    DoctorCheck::ok("permission", format!("{login} may {may} {repository}"))
}

fn requests(limit: Option<&RequestLimit>) -> DoctorCheck {
    let Some(RequestLimit { remaining, limit, resets_at }) = limit else {
        return DoctorCheck::ok("requests", "without a limit");
    };
    let seen = format!("{remaining} of {limit} left until {resets_at}");
    let verdict = if *remaining < FEW_REQUESTS { DoctorVerdict::Warning } else { DoctorVerdict::Ok };
    DoctorCheck::new(verdict, "requests", seen)
}

/// Returns what the default branch demands before a merge.
fn protection(branch: &BranchName, rules: &BranchRules) -> DoctorCheck {
    let BranchRules { required_checks, must_be_up_to_date, approvals, must_resolve_conversations, .. } =
        rules;
    let mut demands = Vec::new();
    if !required_checks.is_empty() {
        let names: Vec<&str> = required_checks.iter().map(String::as_str).collect();
        demands.push(format!("the checks {}", names.join(", ")));
    }
    if *must_be_up_to_date {
        demands.push("an up-to-date branch".to_owned());
    }
    if *approvals > 0 {
        demands.push(count(*approvals, "approving review"));
    }
    if *must_resolve_conversations {
        demands.push("resolved conversations".to_owned());
    }
    if rules.has_merge_queue {
        demands.push("the merge queue".to_owned());
    }
    let known = match demands.as_slice() {
        [] => format!("`{branch}` demands nothing before a merge"),
        [..] => format!("`{branch}` demands {}", demands.join(", ")),
    };
    let seen: Vec<&str> = std::iter::once(&known).chain(&rules.unknown).map(String::as_str).collect();
    let verdict = if rules.unknown.is_empty() { DoctorVerdict::Ok } else { DoctorVerdict::Note };
    DoctorCheck::new(verdict, "merge rules", seen.join("; "))
}
