//! The settings that are also flags. Help, default and allowed values come from the setting.

pub use super::flag::{Flag, Takes};
use super::vendor_flags;

use Takes::{Agent, Off, On, Value, Values};

/// A heading of `--help`, the name of a flag, the key of its setting, and the values that the flag takes.
type Row = (&'static str, &'static str, &'static str, Takes);

const FLAGS: &[Row] = &[
    (AGENTS, "coder", "roles.coder", Agent),
    (AGENTS, "reviewer", "roles.reviewers", Agent),
    (AGENTS, AGENT_TIMEOUT, "review.agent_timeout_seconds", Value("SECONDS")),
    (AGENTS, "agent-idle-seconds", "turns.idle_seconds", Value("SECONDS")),
    (AGENTS, "agent-max-retries", "turns.max_retries", Value("N")),
    (AGENTS, "agent-retry-backoff-seconds", "turns.retry_backoff_seconds", Values("SECONDS")),
    (AGENTS, "on-quota", "turns.on_quota", Value("ACTION")),
    (AGENTS, "allow-shared-dir", "turns.allow_shared_dir", On),
    (AGENTS, DANGEROUS, DANGEROUS_KEY, On),
    (REVIEW, "max-rounds", "review.max_rounds", Value("N")),
    (REVIEW, "parallel-reviewers", "review.parallel", On),
    (
        REVIEW,
        "no-parallel-reviewers",
        "review.parallel",
        Off("Ask the reviewers of a round one after another"),
    ),
    (REVIEW, "review-session", "review.session", Value("MODE")),
    (REVIEW, "on-reviewer-failure", "review.on_reviewer_failure", Value("ACTION")),
    (REVIEW, "approved-followups", "review.approved_followups", Value("MODE")),
    (REVIEW, CLARIFICATIONS, "review.max_clarification_rounds", Value("N")),
    (REVIEW, "auto-merge", "review.auto_merge", On),
    (DISCUSSION, "discuss-max-rounds", "discuss.debate_rounds", Value("N")),
    (DISCUSSION, "discuss-analyzer", "roles.analyzer", Agent),
    (DISCUSSION, "discuss-research", "discuss.research", Value("POLICY")),
    (DISCUSSION, "discuss-parallel", "discuss.parallel", On),
    (DISCUSSION, DEBATER_TIMEOUT, "discuss.debater_timeout_seconds", Value("SECONDS")),
    (DISCUSSION, "discuss-on-debater-failure", "discuss.on_debater_failure", Value("ACTION")),
    (STAGES, "materialize-split-issues", SPLIT_ISSUES_KEY, On),
    (PLANNING, "plan-first", "planning.first", On),
    (PLANNING, EXECUTION_MODE, EXECUTION_MODE_KEY, Value("MODE")),
    (PLANNING, "implementation-coder", IMPLEMENTATION_CODER_KEY, Agent),
    (PLANNING, "split-stage", "planning.split_stage", Value("N")),
    (REPAIR, "repair-backend", "roles.repair", Agent),
    (REPAIR, "repair-model", "repair.models", Value("MODEL")),
    (REPAIR, "repair-timeout-seconds", "repair.timeout_seconds", Value("SECONDS")),
    (GATES, TEST_COMMAND, "gates.tests.command", Value("COMMAND")),
    (GATES, SETUP_COMMAND, "gates.tests.setup", Value("COMMAND")),
    (
        GATES,
        "no-pre-review-tests",
        "gates.tests.before_review",
        Off("Run the test command only before approval"),
    ),
    (GATES, TEST_TIMEOUT, "gates.tests.timeout_seconds", Value("SECONDS")),
    (GATES, "ci-check-name", "gates.ci.check_name", Value("NAME")),
    (GATES, "gate", "gates.score.mode", Value("MODE")),
    (GATES, "no-gate", "gates.off", Value("NAME")),
    (GATES, "min-score", "gates.score.min_score", Value("N")),
    (GATES, "tamper", "gates.tamper.strictest", Value("ACTION")),
    (GATES, "run-project-code", "gates.run_project_code", Value("WHEN")),
    (GATES, "scope", "gates.scope", Value("PATTERN")),
    (GATES, "aislop-cmd", "gates.score.aislop_command", Value("COMMAND")),
    (GATES, "ci-timeout-seconds", "gates.ci.timeout_seconds", Value("SECONDS")),
    (GATES, "ci-poll-interval-seconds", "gates.ci.poll_interval_seconds", Value("SECONDS")),
    (BUDGET, "budget-tokens", "budget.tokens", Value("N")),
    (BUDGET, "budget-usd", "budget.usd", Value("DOLLARS")),
    (BUDGET, "budget-minutes", "budget.minutes", Value("N")),
    (OUTPUT, "forge", "forge.kind", Value("FORGE")),
    (OUTPUT, "repo", "forge.repository", Value("OWNER/REPO")),
    (OUTPUT, "gh-cmd", "forge.gh_command", Value("COMMAND")),
    (OUTPUT, "native-reviews", "forge.native_reviews", On),
    (OUTPUT, QUIET, "output.quiet", On),
    (OUTPUT, "progress-interval-seconds", "output.progress_interval_seconds", Value("SECONDS")),
    (OUTPUT, "log-dir", "paths.logs", Value("PATH")),
    (OUTPUT, NO_AGENT_MEMORY, "agent_memory.enabled", Off("Do not give agents a summary of the repository")),
    (OUTPUT, "agent-memory-dir", "agent_memory.dir", Value("PATH")),
];

const AGENTS: &str = "Agents";
const REVIEW: &str = "Review";
/// The heading of the flags that only `discuss` has.
pub const DISCUSSION: &str = "Discussion";
/// The heading of the flag about issues for stages, of `discuss` and of plans.
pub const STAGES: &str = "Stages";
const PLANNING: &str = "Plan";
const REPAIR: &str = "Repair of malformed answers";
const GATES: &str = "Gates";
const BUDGET: &str = "Budget";
const OUTPUT: &str = "Forge, output and folders";

/// The flag that gives agents all permissions.
pub const DANGEROUS: &str = "dangerous-agent-permissions";
/// The setting behind [`DANGEROUS`].
pub const DANGEROUS_KEY: &str = "turns.dangerous_permissions";
/// A flag of `task` only.
pub const CLARIFICATIONS: &str = "max-clarification-rounds";
/// The flag that says what follows the approval of a plan.
pub const EXECUTION_MODE: &str = "plan-execution-mode";
/// The setting behind [`EXECUTION_MODE`].
pub const EXECUTION_MODE_KEY: &str = "planning.execution_mode";
/// The setting with the agent that implements an approved plan.
pub const IMPLEMENTATION_CODER_KEY: &str = "roles.implementation_coder";
/// The flag that turns the agent memory off.
pub const NO_AGENT_MEMORY: &str = "no-agent-memory";
/// The flag that silences progress messages.
pub const QUIET: &str = "quiet";

/// The flag that limits the time of an agent's turns.
pub const AGENT_TIMEOUT: &str = "agent-timeout-seconds";
/// The flag that limits the time of a debater's turns.
pub const DEBATER_TIMEOUT: &str = "discuss-debater-timeout";
/// The flag with the command that tests a commit.
pub const TEST_COMMAND: &str = "test-command";
/// The flag that limits the time of the tests and of the setup.
pub const TEST_TIMEOUT: &str = "test-timeout-seconds";
/// The flag with the command that prepares a fresh clone.
pub const SETUP_COMMAND: &str = "setup-command";

/// The setting that files the stages of a split or of a plan.
pub const SPLIT_ISSUES_KEY: &str = "discuss.materialize_split_issues";

/// Returns whether a setting is about plans: `issue` has such flags.
pub fn is_about_plans(path: &str) -> bool {
    path.starts_with("planning.") || [IMPLEMENTATION_CODER_KEY, SPLIT_ISSUES_KEY].contains(&path)
}

/// Returns every flag that is a setting.
pub fn all() -> Vec<Flag> {
    let common =
        FLAGS.iter().filter_map(|(heading, name, path, takes)| Flag::new(heading, name, path, *takes));
    common.chain(vendor_flags::all()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::keys;
    use super::*;

    #[test]
    fn every_row_names_a_setting() {
        for (_, name, path, _) in FLAGS {
            assert!(keys::find(path).is_some(), "--{name} sets `{path}`, which is not a setting");
        }
    }
}
