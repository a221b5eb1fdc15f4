//! The settings, with their meanings, values and defaults. Flags, schema, template and `config explain` are generated from
//! these types.

use std::collections::BTreeMap;
use std::num::{NonZeroU32, NonZeroU64};
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::agent::AgentName;
use crate::domain::debate::{DebatePolicy, OnDebaterFailure, ResearchPolicy};
use crate::domain::execution::ExecutionMode;
use crate::domain::ids::Login;
use crate::domain::policy::{Followups, OnReviewerFailure, Policy};
use crate::domain::trust::Trust;
use crate::engine::guard::OnSecret;
use crate::flow::budget::Budget;
use crate::flow::request::ReviewSessions;
use crate::flow::retry::{OnQuota, RetryPolicy};
use crate::ports::forge::RunDisplay;

use super::dollars::Dollars;
use super::gates_section::GatesSettings;
use super::seconds::seconds;

/// The default coder.
pub const DEFAULT_CODER: &str = "claude";
/// The default reviewer.
pub const DEFAULT_REVIEWER: &str = "codex";

/// Settings of agent-loop.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Programs of agents: those of vendors by their names (claude, codex, gemini, antigravity, opencode), others as `command:NAME`.
    pub agents: BTreeMap<String, AgentSettings>,
    /// The agents of a run.
    pub roles: Roles,
    /// The rounds of review.
    pub review: Review,
    /// Debates about issues.
    pub discuss: DiscussSettings,
    /// The plan of an issue before its implementation.
    pub planning: PlanningSettings,
    /// The turns of agents.
    pub turns: Turns,
    /// The repair of malformed answers.
    pub repair: RepairSettings,
    /// Limits on the cost of a run, checked before each turn. A running turn is not cut off.
    pub budget: BudgetSettings,
    /// Checks that must pass on the approved commit.
    pub gates: GatesSettings,
    /// Logins that are trusted besides the one that agent-loop writes with.
    pub trust: TrustSettings,
    /// Secrets in texts that are about to be published.
    pub redact: Redact,
    /// The forge: the home of issues and pull requests.
    pub forge: ForgeSettings,
    /// Progress messages of a run.
    pub output: Output,
    /// The summary of the repository that agents get with their task.
    pub agent_memory: AgentMemorySettings,
    /// Folders.
    pub paths: Paths,
    /// How long local files are kept. Published records are never removed.
    pub retention: Retention,
}

/// The program of an agent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AgentSettings {
    /// Program: a name to find in PATH, or a path relative to the folder of this file. Vendors have a default.
    pub cmd: Option<String>,
    /// Additional arguments for the program. The prompt is sent on stdin.
    pub args: Vec<String>,
    /// Names of environment variables to pass to the program, besides the few that every agent gets.
    pub env: Vec<String>,
    /// Time limit for the agent's turns, in seconds; `review.agent_timeout_seconds` if not set.
    pub timeout_seconds: Option<NonZeroU64>,
    /// Model; the program's own default if not set.
    pub model: Option<String>,
    /// Models to try in order, instead of `model`: the next one is used if a model is unknown, overloaded or out of quota.
    pub models: Vec<String>,
    /// Reasoning effort, one of the program's own values.
    pub effort: Option<String>,
    /// Your own checkout for the agent's turns, instead of a clone.
    pub dir: Option<PathBuf>,
    /// Differences when it is the coder.
    pub coder: RoleSettings,
    /// Differences when it is a reviewer.
    pub reviewer: RoleSettings,
    /// Differences of an agent with this label, as in `--implementation-coder LABEL=claude`.
    pub label: BTreeMap<String, RoleSettings>,
}

/// Differences of an agent in one role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RoleSettings {
    /// Model in this role.
    pub model: Option<String>,
    /// Models to try in order, in this role.
    pub models: Vec<String>,
    /// Reasoning effort in this role.
    pub effort: Option<String>,
    /// Additional arguments in this role, after those for all roles.
    pub args: Vec<String>,
}

/// The agents of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Roles {
    /// Agent that changes files: `[LABEL=]BACKEND`, where BACKEND is claude, codex, gemini, antigravity (agy), opencode, command:NAME-or-PATH or scripted:FILE. A command reads the prompt on stdin, writes its answer to the file that `AGENT_LOOP_RESPONSE` names, and exits with 0.
    #[schemars(with = "Option<String>", extend("default" = DEFAULT_CODER))]
    pub coder: Option<AgentName>,
    /// Agent that implements an approved plan; the coder of the plan if not set.
    #[schemars(with = "Option<String>")]
    pub implementation_coder: Option<AgentName>,
    /// Agents that review a change or debate an issue, in this order.
    #[schemars(with = "Vec<String>", extend("default" = [DEFAULT_REVIEWER]))]
    pub reviewers: Vec<AgentName>,
    /// Agent that summarizes each round of a debate as the agenda of the next; the agenda is made from the votes if not set.
    #[schemars(with = "Option<String>")]
    pub analyzer: Option<AgentName>,
    /// Agent that reformats malformed answers; the agent that gave the answer if not set.
    #[schemars(with = "Option<String>")]
    pub repair: Option<AgentName>,
}

/// The repair of malformed answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RepairSettings {
    /// Models to try in order for reformatting an answer; the program's own default if empty.
    pub models: Vec<String>,
    /// Time limit for each attempt to reformat an answer, in seconds.
    pub timeout_seconds: NonZeroU64,
}

impl Default for RepairSettings {
    fn default() -> Self {
        Self { models: Vec::new(), timeout_seconds: seconds(120) }
    }
}

/// Limits on the cost of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BudgetSettings {
    /// Tokens (sent, received and cached) after which a run starts no further turn; 0 for no limit.
    pub tokens: u64,
    /// US dollars, as reported by agents, after which a run starts no further turn; 0 for no limit.
    pub usd: Dollars,
    /// Minutes of agents' working time after which a run starts no further turn; 0 for no limit.
    pub minutes: u64,
}

impl BudgetSettings {
    /// Returns the limits that are not 0.
    pub fn budget(&self) -> Budget {
        let limit = NonZeroU64::new;
        Budget {
            tokens: limit(self.tokens),
            micro_usd: limit(self.usd.millionths()),
            minutes: limit(self.minutes),
        }
    }
}

/// Logins that are trusted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TrustSettings {
    /// Logins whose records are accepted like those of agent-loop's own login.
    #[schemars(with = "Vec<String>")]
    pub recorders: Vec<Login>,
    /// Logins without write access whose signed requirements are accepted.
    #[schemars(with = "Vec<String>")]
    pub humans: Vec<Login>,
}

impl TrustSettings {
    pub fn trust(&self) -> Trust {
        Trust { recorders: self.recorders.clone(), humans: self.humans.clone() }
    }
}

/// Secrets in texts that are about to be published.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Redact {
    /// Action when a text to be published contains a secret: `replace` the secret or `stop` the run.
    pub on_hit: OnSecret,
    /// Names of environment variables whose values are secrets, besides those whose names indicate a secret.
    pub variables: Vec<String>,
}

/// The rounds of review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Review {
    /// Maximum number of rounds of review.
    pub max_rounds: NonZeroU32,
    /// Ask all reviewers of a round at once.
    pub parallel: bool,
    /// Action when a reviewer fails: `stop` the run, or `continue` with the findings of the others.
    pub on_reviewer_failure: OnReviewerFailure,
    /// Merge pull requests once they are approved.
    pub auto_merge: bool,
    /// Handling of findings for a separate change, after a pull request is approved.
    pub approved_followups: Followups,
    /// How often the coder may ask questions, with --interactive.
    pub max_clarification_rounds: u32,
    /// Time limit for a turn of an agent, in seconds.
    pub agent_timeout_seconds: NonZeroU64,
    /// Whether reviewers start each round `fresh` or `resume` their previous sessions.
    pub session: ReviewSessions,
}

impl Default for Review {
    fn default() -> Self {
        let policy = Policy::default();
        Self {
            max_rounds: NonZeroU32::new(policy.max_rounds).unwrap_or(NonZeroU32::MIN),
            parallel: true,
            on_reviewer_failure: policy.on_reviewer_failure,
            auto_merge: false,
            approved_followups: policy.followups,
            max_clarification_rounds: 3,
            agent_timeout_seconds: seconds(3600),
            session: ReviewSessions::default(),
        }
    }
}

/// Debates about issues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DiscussSettings {
    /// Maximum number of rounds after the first, in which debaters answer each other.
    pub debate_rounds: u32,
    /// Online research of debaters.
    pub research: ResearchPolicy,
    /// Ask all debaters of a round at once.
    pub parallel: bool,
    /// Time limit for a turn of a debater, in seconds; `review.agent_timeout_seconds` if not set.
    pub debater_timeout_seconds: Option<NonZeroU64>,
    /// Action when a debater fails: `fail` ends the run, `partial` continues with at least two votes.
    pub on_debater_failure: OnDebaterFailure,
    /// File an issue for each stage, at most 8: those that all debaters propose for a split, or those that a plan leaves for later.
    pub materialize_split_issues: bool,
}

impl Default for DiscussSettings {
    fn default() -> Self {
        let policy = DebatePolicy::default();
        Self {
            debate_rounds: policy.max_rounds,
            research: policy.research,
            parallel: false,
            debater_timeout_seconds: None,
            on_debater_failure: policy.on_failure,
            materialize_split_issues: false,
        }
    }
}

/// The plan of an issue before its implementation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PlanningSettings {
    /// Plan an issue and have the plan reviewed before any code is written.
    pub first: bool,
    /// What follows the approval of a plan.
    pub execution_mode: ExecutionMode,
    /// Issue of the stage that the plan covers, if the plan does not name it; 0 for none.
    pub split_stage: u64,
}

/// The turns of agents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Turns {
    /// Time limit for a turn without output and CPU use, in seconds; 0 for none.
    pub idle_seconds: u64,
    /// Retries after a failure that may be temporary.
    pub max_retries: u32,
    /// Delays before each retry, in seconds; the last value repeats.
    pub retry_backoff_seconds: Vec<u32>,
    /// Maximum length of a prompt, in characters. If a change does not fit, the prompt names a file with all of it.
    pub max_prompt_characters: NonZeroU64,
    /// Action when an agent's quota is exhausted: `exit`, to be resumed later, or `wait`.
    pub on_quota: OnQuota,
    /// Allow two agents to take turns in the same checkout of yours.
    pub allow_shared_dir: bool,
    /// Let agents do anything on this machine, without confirmation and without a sandbox. Applies to one command only.
    pub dangerous_permissions: bool,
}

impl Turns {
    /// Returns the time limit for a turn without output and CPU use, if there is one.
    pub fn idle(&self) -> Option<Duration> {
        (self.idle_seconds > 0).then(|| Duration::from_secs(self.idle_seconds))
    }
}

impl Default for Turns {
    fn default() -> Self {
        let retries = RetryPolicy::default();
        Self {
            idle_seconds: 900,
            max_retries: retries.most,
            retry_backoff_seconds: retries.backoff_seconds,
            max_prompt_characters: seconds(400_000),
            on_quota: retries.on_quota,
            allow_shared_dir: false,
            dangerous_permissions: false,
        }
    }
}

/// The forge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ForgeSettings {
    /// Forge with the issues and pull requests.
    pub kind: ForgeChoice,
    /// Repository on GitHub, as OWNER/REPO, if not the one of `origin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// Command that runs the GitHub CLI, gh, whose login is used.
    pub gh_command: String,
    /// Publish each review also as a review of GitHub's own kind, with comments at the lines that findings name.
    pub native_reviews: bool,
}

impl ForgeSettings {
    /// Returns what the forge shows of a run.
    pub fn display(&self) -> RunDisplay {
        if self.native_reviews { RunDisplay::Reviews } else { RunDisplay::Status }
    }
}

impl Default for ForgeSettings {
    fn default() -> Self {
        Self {
            kind: ForgeChoice::default(),
            repository: None,
            gh_command: "gh".to_owned(),
            native_reviews: false,
        }
    }
}

/// A forge.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ForgeChoice {
    /// GitHub if the repository's origin is on GitHub, else the embedded forge.
    #[default]
    Auto,
    /// GitHub.
    Github,
    /// The embedded forge.
    Local,
}

impl ForgeChoice {
    /// Returns the value used in settings and flags.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Github => "github",
            Self::Local => "local",
        }
    }
}

/// Progress messages of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Output {
    /// Print only warnings and errors on stderr.
    pub quiet: bool,
    /// Interval between reports on running agents, in seconds.
    pub progress_interval_seconds: NonZeroU64,
}

impl Default for Output {
    fn default() -> Self {
        Self { quiet: false, progress_interval_seconds: seconds(30) }
    }
}

/// The summary of the repository that agents get with their task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AgentMemorySettings {
    /// Give agents a summary of the repository, made from its files and manifests.
    pub enabled: bool,
    /// Folder for the agent memory, if not the cache folder. A relative path is inside the coder's checkout and is never committed.
    pub dir: Option<PathBuf>,
}

impl Default for AgentMemorySettings {
    fn default() -> Self {
        Self { enabled: true, dir: None }
    }
}

/// Folders.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Paths {
    /// Folder for raw logs, if not the state folder.
    pub logs: Option<PathBuf>,
}

/// How long local files are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Days after which logs and files of turns are removed.
    pub logs_days: u32,
    /// Size of a repository's logs above which the oldest are removed, in megabytes.
    pub logs_megabytes: u32,
    /// Days after which journals and clones of untouched subjects are removed.
    pub journals_days: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self { logs_days: 30, logs_megabytes: 1024, journals_days: 180 }
    }
}
