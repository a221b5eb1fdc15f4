//! Flags of every run: who, where, how long, with which gates.

use std::num::{NonZeroU32, NonZeroU64};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cli::nearest::suggestion;
use crate::cli::run::memory::MemoryArguments;
use crate::domain::agent::{AgentName, Backend};
use crate::domain::ids::{BranchName, InvalidName};

use super::agents::AgentArguments;
use super::budget::BudgetArguments;
use super::numbers::whole;
use super::vendors::VendorArguments;
use super::{Place, Telling};

/// Flags of every run. Those that are settings too have no default here: `config/settings.rs` has it.
#[derive(Debug, Default, Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line are just that")]
pub struct RunArguments {
    /// Who changes files: [LABEL=]BACKEND, which is claude, codex, gemini, antigravity (agy), opencode,
    /// command:NAME-or-PATH or scripted:FILE [default: claude]
    #[arg(long, value_name = "AGENT", value_parser = agent)]
    pub coder: Option<AgentName>,
    /// Who reviews; give it again for more reviewers [default: codex]
    #[arg(long, value_name = "AGENT", value_parser = agent)]
    pub reviewer: Vec<AgentName>,
    /// The branch to change [default: the current branch]
    #[arg(long, value_name = "BRANCH")]
    pub base: Option<BranchName>,
    /// After this many rounds with something left to fix the run ends [default: 10]
    #[arg(long, value_name = "N", value_parser = whole::<NonZeroU32>, allow_negative_numbers = true)]
    pub max_rounds: Option<NonZeroU32>,
    /// A gate: this command must succeed on the approved commit (words are split, no shell: `sh -c '…'` for `&&`, `|` and the like)
    #[arg(long, value_name = "COMMAND")]
    pub test_command: Option<String>,
    /// Run the test command only before approval, not before each review
    #[arg(long)]
    pub no_pre_review_tests: bool,
    /// How long the test command may take [default: 1800]
    #[arg(long, value_name = "SECONDS", value_parser = whole::<NonZeroU64>, allow_negative_numbers = true)]
    pub test_timeout_seconds: Option<NonZeroU64>,
    /// Ask all reviewers of a round at once (the default)
    #[arg(long, overrides_with = "no_parallel_reviewers")]
    pub parallel_reviewers: bool,
    /// Ask the reviewers of a round one after the other
    #[arg(long)]
    pub no_parallel_reviewers: bool,
    /// When a reviewer fails: end the run, or let the coder work on what the others found [default: stop]
    #[arg(long, value_name = "WHAT")]
    pub on_reviewer_failure: Option<ReviewerFailure>,
    /// What becomes of findings that are worth a change of their own [default: ignore]
    #[arg(long, value_name = "MODE")]
    pub approved_followups: Option<ApprovedFollowups>,
    /// Who puts malformed answers into form [default: who gave the answer]
    #[arg(long, value_name = "AGENT", value_parser = agent)]
    pub repair_backend: Option<AgentName>,
    /// Which model is asked to; give it again for what is asked after a failure
    #[arg(long, value_name = "MODEL")]
    pub repair_model: Vec<String>,
    /// How long that may take [default: 120]
    #[arg(long, value_name = "SECONDS", value_parser = whole::<NonZeroU64>, allow_negative_numbers = true)]
    pub repair_timeout_seconds: Option<NonZeroU64>,
    /// Merge what is approved
    #[arg(long)]
    pub auto_merge: bool,
    /// With --auto-merge: how long unfinished checks are awaited [default: 1200]
    #[arg(long, value_name = "SECONDS", value_parser = whole::<u64>, allow_negative_numbers = true)]
    pub ci_timeout_seconds: Option<u64>,
    /// With --auto-merge: how often checks are looked at [default: 30]
    #[arg(long, value_name = "SECONDS", value_parser = whole::<NonZeroU64>, allow_negative_numbers = true)]
    pub ci_poll_interval_seconds: Option<NonZeroU64>,
    /// Where issues and pull requests are [default: auto]
    #[arg(long, value_name = "FORGE")]
    pub forge: Option<ForgeChoice>,
    /// The folder of raw logs [default: in the state folder]
    #[arg(long, value_name = "PATH")]
    pub log_dir: Option<PathBuf>,
    /// How often it is said who still works [default: 30]
    #[arg(long, value_name = "SECONDS", value_parser = whole::<NonZeroU64>, allow_negative_numbers = true)]
    pub progress_interval_seconds: Option<NonZeroU64>,
    /// What agents are told of the repository.
    #[command(flatten)]
    pub memory: MemoryArguments,
    /// Say what would be done, up to the next turn of an agent, and do none of it
    #[arg(long)]
    pub dry_run: bool,
    /// Where it is.
    #[command(flatten)]
    pub place: Place,
    /// What is said.
    #[command(flatten)]
    pub telling: Telling,
    /// How agents are met.
    #[command(flatten)]
    pub agents: AgentArguments,
    /// What it may cost.
    #[command(flatten)]
    pub budget: BudgetArguments,
    /// The programs of vendors.
    #[command(flatten)]
    pub vendors: VendorArguments,
}

/// An agent's name, or the nearest backend to a mistyped one.
pub fn agent(text: &str) -> Result<AgentName, String> {
    text.parse().map_err(|error: InvalidName| {
        let typed = text.split(':').next().unwrap_or_default();
        let typed = typed.rsplit('=').next().unwrap_or_default();
        let known: Vec<&str> = Backend::all().map(Backend::name).collect();
        let hint = if known.contains(&typed) { String::new() } else { suggestion(typed, known) };
        format!("{error}{hint}")
    })
}

/// When a reviewer fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReviewerFailure {
    /// End the run.
    Stop,
    /// Let the coder work on what the others found.
    Continue,
}

/// What becomes of findings that are worth a change of their own, when a pull request is approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ApprovedFollowups {
    /// Reviewers are asked to leave them out.
    Ignore,
    /// They are listed in one comment on the pull request.
    Summarize,
    /// At most three issues are filed for them.
    Issue,
    /// Small ones are done in the pull request; the others are listed.
    FixAndSummarize,
    /// Small ones are done in the pull request; at most three issues are filed for the others.
    FixAndIssue,
}

/// Where issues and pull requests are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ForgeChoice {
    /// The embedded forge, unless the repository's origin is on GitHub.
    Auto,
    /// GitHub.
    Github,
    /// The embedded forge.
    Local,
}
