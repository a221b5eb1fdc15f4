//! Reads the rules of a branch: its classic protection, and the rulesets that apply to it.

use serde::Deserialize;

use crate::domain::branch_rules::BranchRules;
use crate::domain::ids::BranchName;
use crate::ports::forge::ForgeError;

use super::client::GithubRepository;
use super::commit_status;
use super::gh::{PAGE, Rows, encoded};

/// Reads the rules of a branch. Two calls, three for a protected branch.
pub(super) async fn branch_rules(
    repository: &GithubRepository,
    branch: &BranchName,
) -> Result<BranchRules, ForgeError> {
    let branch = encoded(branch.as_str());
    let classic = classic_protection(repository, &branch).await?;
    let rulesets = repository.list::<RuleJson>(&format!("rules/branches/{branch}"), Rows::All).await;
    let rulesets = readable(rulesets, "rulesets")?;
    let mut rules = rulesets
        .map_or_else(
            |unknown| unknown,
            |rules| rules.into_iter().map(RuleJson::rules).fold(BranchRules::default(), BranchRules::and),
        )
        .and(classic);
    // The run sets this status itself, before a merge.
    rules.required_checks.retain(|name| !commit_status::is_ours(name));
    Ok(rules)
}

/// Whether a branch can be pushed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PushRules {
    Open,
    /// There is no such branch.
    Gone,
    /// These rules forbid it.
    Closed(String),
}

/// The rules of rulesets that a push of unsigned commits breaks, and their meaning.
const AGAINST_PUSHES: [(&str, &str); 6] = [
    ("pull_request", "changes need a pull request"),
    ("update", "updates are restricted"),
    ("merge_queue", "changes go through the merge queue"),
    ("required_status_checks", "changes need status checks"),
    ("required_deployments", "changes need deployments"),
    ("required_signatures", "commits must be signed"),
];

/// Reads whether a branch of a repository or of its fork can be pushed to. One call, two for a branch under rulesets.
/// Unreadable rules forbid nothing: the push itself will tell.
pub(super) async fn push_rules(
    repository: &GithubRepository,
    holder: &str,
    branch: &BranchName,
) -> Result<PushRules, ForgeError> {
    let name = encoded(branch.as_str());
    let summary = match repository.get_from::<BranchJson>(holder, &format!("branches/{name}")).await {
        Err(ForgeError::NotFound(why)) if why.contains("Branch not found") => return Ok(PushRules::Gone),
        Ok(BranchJson { protected: false, .. }) | Err(ForgeError::Refused(_) | ForgeError::NotFound(_)) => {
            return Ok(PushRules::Open);
        }
        Err(error) => return Err(error),
        Ok(BranchJson { protection, .. }) => protection.unwrap_or_default(),
    };
    if summary.enabled != Some(false) {
        return Ok(PushRules::Closed("branch protection".to_owned()));
    }
    rulesets_against(repository, holder, &name, &AGAINST_PUSHES).await
}

/// Reads whether a branch with this name can be made. One call.
pub(super) async fn creation_rules(
    repository: &GithubRepository,
    name: &str,
) -> Result<PushRules, ForgeError> {
    let rules = [&[("creation", "branches with this name are restricted")][..], &AGAINST_PUSHES].concat();
    rulesets_against(repository, &repository.repo.full_name, &encoded(name), &rules).await
}

async fn rulesets_against(
    repository: &GithubRepository,
    holder: &str,
    name: &str,
    against: &[(&str, &str)],
) -> Result<PushRules, ForgeError> {
    let path = format!("rules/branches/{name}?per_page={PAGE}");
    let rules = repository.get_from::<Vec<RuleJson>>(holder, &path).await;
    let rules = readable(rules, "rulesets")?.unwrap_or_default();
    let broken = against.iter().find(|(kind, _)| rules.iter().any(|rule| rule.kind == *kind));
    Ok(broken.map_or(PushRules::Open, |(_, meaning)| PushRules::Closed((*meaning).to_owned())))
}

/// Only an administrator may read the protection of a branch. Others see which checks it requires, and no more.
async fn classic_protection(repository: &GithubRepository, branch: &str) -> Result<BranchRules, ForgeError> {
    let summary = repository.get::<BranchJson>(&format!("branches/{branch}")).await;
    let summary = match readable(summary, "branch protection")? {
        Ok(BranchJson { protected: false, .. }) => return Ok(BranchRules::default()),
        Ok(BranchJson { protection, .. }) => protection.unwrap_or_default(),
        Err(unknown) => return Ok(unknown),
    };
    let whole = repository.get::<ProtectionJson>(&format!("branches/{branch}/protection")).await;
    match readable(whole, "branch protection")? {
        Ok(protection) => Ok(protection.rules()),
        // A branch under rulesets alone is called protected as well.
        Err(_) if summary.enabled == Some(false) => Ok(BranchRules::default()),
        Err(unknown) => Ok(summary.rules().and(unknown)),
    }
}

/// Returns the reply, or the rules that are unknown because this login may not read them. Other errors stay errors.
fn readable<T>(read: Result<T, ForgeError>, what: &str) -> Result<Result<T, BranchRules>, ForgeError> {
    match read {
        Ok(read) => Ok(Ok(read)),
        Err(ForgeError::NotFound(why) | ForgeError::Refused(why)) => {
            let unknown = vec![format!("the {what} cannot be read ({why})")];
            Ok(Err(BranchRules { unknown, ..BranchRules::default() }))
        }
        Err(error) => Err(error),
    }
}

/// A branch, with as much of its protection as everybody sees.
#[derive(Debug, Deserialize)]
struct BranchJson {
    protected: bool,
    protection: Option<ProtectionJson>,
}

/// The classic protection of a branch. Members that are absent demand nothing.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ProtectionJson {
    enabled: Option<bool>,
    required_status_checks: Option<ChecksJson>,
    required_pull_request_reviews: Option<ReviewsJson>,
    required_conversation_resolution: Option<SwitchJson>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ChecksJson {
    /// `off` where nothing is enforced; absent in the whole protection.
    enforcement_level: Option<String>,
    contexts: Vec<String>,
    checks: Vec<ContextJson>,
    strict: bool,
}

#[derive(Debug, Deserialize)]
struct ContextJson {
    context: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ReviewsJson {
    required_approving_review_count: u64,
}

#[derive(Debug, Deserialize)]
struct SwitchJson {
    enabled: bool,
}

impl ProtectionJson {
    fn rules(self) -> BranchRules {
        let is_enforced = |checks: &ChecksJson| checks.enforcement_level.as_deref() != Some("off");
        let checks = self.required_status_checks.filter(is_enforced).unwrap_or_default();
        let named = checks.checks.into_iter().map(|check| check.context);
        BranchRules {
            required_checks: checks.contexts.into_iter().chain(named).collect(),
            must_be_up_to_date: checks.strict,
            approvals: self.required_pull_request_reviews.unwrap_or_default().required_approving_review_count,
            must_resolve_conversations: self
                .required_conversation_resolution
                .is_some_and(|switch| switch.enabled),
            ..BranchRules::default()
        }
    }
}

/// One rule of a ruleset that is in force.
#[derive(Debug, Deserialize)]
struct RuleJson {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    parameters: ParametersJson,
}

/// The parameters of the rules that are read here; each belongs to one kind of rule.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ParametersJson {
    required_status_checks: Vec<ContextJson>,
    strict_required_status_checks_policy: bool,
    required_approving_review_count: u64,
    required_review_thread_resolution: bool,
}

impl RuleJson {
    fn rules(self) -> BranchRules {
        let checks = self.parameters.required_status_checks;
        BranchRules {
            required_checks: checks.into_iter().map(|check| check.context).collect(),
            must_be_up_to_date: self.parameters.strict_required_status_checks_policy,
            approvals: self.parameters.required_approving_review_count,
            must_resolve_conversations: self.parameters.required_review_thread_resolution,
            has_merge_queue: self.kind == "merge_queue",
            unknown: Vec::new(),
        }
    }
}
