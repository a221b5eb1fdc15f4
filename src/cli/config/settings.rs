//! Every setting as a type: what it means, its default. Schema, template and `config explain` are made from this file.

use std::collections::BTreeMap;
use std::num::{NonZeroU32, NonZeroU64};
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cli::arguments::agents::{QuotaChoice, SessionChoice};
use crate::cli::arguments::budget::BudgetSettings;
use crate::cli::arguments::run::{ApprovedFollowups, ForgeChoice, ReviewerFailure};
use crate::domain::agent::AgentName;
use crate::domain::ids::Login;

/// Settings of agent-loop.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Programs: those of vendors by their names (claude, codex, gemini, antigravity, opencode), others as `command:NAME`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub agents: BTreeMap<String, AgentSettings>,
    /// Who takes part.
    pub roles: Roles,
    /// The rounds of review.
    pub review: Review,
    /// How agents are asked.
    pub turns: Turns,
    /// What is done when an answer is malformed.
    pub repair: Repair,
    /// What a run may cost before no further turn of it is begun; 0 is no limit.
    pub budget: BudgetSettings,
    /// What must pass on the approved commit.
    pub gates: Gates,
    /// Who is believed besides the login that writes.
    pub trust: Trust,
    /// What must not be published.
    pub redact: Redact,
    /// Where issues and pull requests are.
    pub forge: ForgeSettings,
    /// What is said while a run goes on.
    pub output: Output,
    /// What agents are told of the repository before they look into it.
    pub agent_memory: AgentMemory,
    /// Where things lie.
    pub paths: Paths,
    /// How long things are kept.
    pub retention: Retention,
}

/// A program that is an agent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AgentSettings {
    /// The program: a name to be found in PATH, or a path (from the folder of the file that says so). A vendor's has a usual one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cmd: Option<String>,
    /// Its arguments. The prompt comes on stdin.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// Names of environment variables that it may see, besides the few that every agent sees.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
    /// How long a turn of it may take, in seconds; as `review.agent_timeout_seconds` if not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<NonZeroU64>,
    /// The model that it is asked with; its own choice if not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Models: the next one is asked when the one before is used up, unknown or overloaded. Instead of `model`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
    /// How hard it is to think, in its own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effort: Option<String>,
    /// A checkout of yours in which its turns run, instead of clones of our own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dir: Option<PathBuf>,
    /// What is different when it is the coder.
    #[serde(skip_serializing_if = "RoleSettings::is_empty")]
    pub coder: RoleSettings,
    /// What is different when it is a reviewer.
    #[serde(skip_serializing_if = "RoleSettings::is_empty")]
    pub reviewer: RoleSettings,
}

/// What is different in one role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RoleSettings {
    /// The model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The models.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
    /// How hard it is to think.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effort: Option<String>,
    /// More arguments, after those for all roles.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
}

impl RoleSettings {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Who takes part.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Roles {
    /// Who changes files: `[LABEL=]BACKEND`, which is claude, codex, gemini, antigravity, opencode, command:NAME-or-PATH, scripted:FILE.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub coder: Option<AgentName>,
    /// Who reviews, in this order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub reviewers: Vec<AgentName>,
    /// Who puts malformed answers into form; whoever gave the answer if not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub repair: Option<AgentName>,
}

/// What is done when an answer is malformed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Repair {
    /// The models that are asked to put it into form, one after the other; the usual one if none is named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
    /// How long each may take, in seconds.
    pub timeout_seconds: NonZeroU64,
}

impl Default for Repair {
    fn default() -> Self {
        Self { models: Vec::new(), timeout_seconds: seconds(120) }
    }
}

/// Who is believed besides the login that writes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Trust {
    /// Logins whose records count as ours do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub recorders: Vec<Login>,
    /// Logins whose signed requirements count, though they may not write to the repository.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub humans: Vec<Login>,
}

/// What must not be published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Redact {
    /// When a secret is found in what is to be published: `replace` it, or `stop` the run.
    pub on_hit: OnHit,
    /// Names of environment variables whose values are secrets, besides those whose names say so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<String>,
}

impl Default for Redact {
    fn default() -> Self {
        Self { on_hit: OnHit::Replace, variables: Vec::new() }
    }
}

/// What is done when a secret is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnHit {
    /// It is replaced, and the run goes on.
    Replace,
    /// Nothing is published, and the run ends.
    Stop,
}

/// The rounds of review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Review {
    /// After this many rounds with something left to fix the run ends.
    pub max_rounds: NonZeroU32,
    /// Whether all reviewers of a round are asked at once.
    pub parallel: bool,
    /// When a reviewer fails: `stop` the run, or let the coder `continue` with what the others found.
    pub on_reviewer_failure: ReviewerFailure,
    /// Whether what is approved is merged.
    pub auto_merge: bool,
    /// What becomes of findings that are worth a change of their own, when a pull request is approved.
    pub approved_followups: ApprovedFollowups,
    /// How often the coder may ask, with --interactive.
    pub max_clarification_rounds: u32,
    /// How long a turn may take, in seconds.
    pub agent_timeout_seconds: NonZeroU64,
    /// Whether reviewers begin each round anew (`fresh`), or go on with their sessions (`resume`).
    pub session: SessionChoice,
}

impl Default for Review {
    fn default() -> Self {
        Self {
            max_rounds: number(10),
            parallel: true,
            on_reviewer_failure: ReviewerFailure::Stop,
            auto_merge: false,
            approved_followups: ApprovedFollowups::Ignore,
            max_clarification_rounds: 3,
            agent_timeout_seconds: seconds(3600),
            session: SessionChoice::Fresh,
        }
    }
}

/// How agents are asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Turns {
    /// How long an agent may write nothing and compute nothing, in seconds; 0 is as long as it likes.
    pub idle_seconds: u64,
    /// How often a turn is asked for again after a failure that may pass.
    pub max_retries: u32,
    /// How long is waited before each of them, in seconds; the last one counts on.
    pub retry_backoff_seconds: Vec<u32>,
    /// When an allowance is used up: `exit`, to be resumed later, or `wait`.
    pub on_quota: QuotaChoice,
    /// Whether two agents may work in one directory of yours, one after the other.
    pub allow_shared_dir: bool,
    /// Whether agents may do whatever they like on this machine, without asking and without a sandbox.
    pub dangerous_permissions: bool,
}

impl Default for Turns {
    fn default() -> Self {
        Self {
            idle_seconds: 900,
            max_retries: 2,
            retry_backoff_seconds: vec![15, 45],
            on_quota: QuotaChoice::Exit,
            allow_shared_dir: false,
            dangerous_permissions: false,
        }
    }
}

/// What must pass on the approved commit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Gates {
    /// The tests of the project.
    pub tests: Tests,
    /// The checks of the forge.
    pub ci: Ci,
}

/// The tests of the project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Tests {
    /// The command that must succeed. Its words are split as a shell would, and no shell runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Whether it runs before each review too, when the coder has changed something.
    pub before_review: bool,
    /// How long it may take, in seconds.
    pub timeout_seconds: NonZeroU64,
}

impl Default for Tests {
    fn default() -> Self {
        Self { command: None, before_review: true, timeout_seconds: seconds(1800) }
    }
}

/// The checks of the forge, with `review.auto_merge`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Ci {
    /// How long unfinished checks are awaited, in seconds.
    pub timeout_seconds: u64,
    /// How often they are looked at, in seconds.
    pub poll_interval_seconds: NonZeroU64,
}

impl Default for Ci {
    fn default() -> Self {
        Self { timeout_seconds: 1200, poll_interval_seconds: seconds(30) }
    }
}

/// Where issues and pull requests are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ForgeSettings {
    /// `auto`: GitHub if the repository's origin is there, else the embedded forge; `local`: the embedded forge.
    pub kind: ForgeChoice,
}

impl Default for ForgeSettings {
    fn default() -> Self {
        Self { kind: ForgeChoice::Auto }
    }
}

/// What is said while a run goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Output {
    /// Whether only warnings and errors are said.
    pub quiet: bool,
    /// How often it is said who still works, in seconds.
    pub progress_interval_seconds: NonZeroU64,
}

impl Default for Output {
    fn default() -> Self {
        Self { quiet: false, progress_interval_seconds: seconds(30) }
    }
}

/// What agents are told of the repository before they look into it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AgentMemory {
    /// Whether they are told anything.
    pub enabled: bool,
    /// Where it is kept, if not in the cache folder; a relative path lies inside the coder's checkout, and is never
    /// committed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dir: Option<PathBuf>,
}

impl Default for AgentMemory {
    fn default() -> Self {
        Self { enabled: true, dir: None }
    }
}

/// Where things lie.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Paths {
    /// The folder of raw logs, if not the state folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logs: Option<PathBuf>,
}

/// How long things are kept. What was published stays, whatever is removed here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Days after which logs and the files of turns are removed.
    pub logs_days: u32,
    /// The size above which the oldest logs of a repository are removed, in megabytes.
    pub logs_megabytes: u32,
    /// Days after which the journals and clones of subjects that nobody touched are removed.
    pub journals_days: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self { logs_days: 30, logs_megabytes: 1024, journals_days: 180 }
    }
}

fn number(value: u32) -> NonZeroU32 {
    NonZeroU32::new(value).unwrap_or(NonZeroU32::MIN)
}

fn seconds(value: u64) -> NonZeroU64 {
    NonZeroU64::new(value).unwrap_or(NonZeroU64::MIN)
}
