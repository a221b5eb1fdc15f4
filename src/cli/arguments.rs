//! The words of the command line. Only what works is here.

use std::num::{NonZeroU32, NonZeroU64};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::agent::{AgentName, Backend};
use crate::domain::ids::{BranchName, InvalidName};

use super::agent_flags::AgentArguments;
use super::budget::BudgetArguments;
use super::doctor::arguments::DoctorArguments;
use super::local::LocalCommand;
use super::nearest::suggestion;
use super::resume::arguments::ResumeArguments;
use super::run::memory::MemoryArguments;
use super::usage::command::UsageArguments;
use super::vendors::VendorArguments;

/// One coding agent writes a change, others review it, round after round, until all approve the same commit and every
/// gate passes.
#[derive(Debug, Parser)]
#[command(name = "agent-loop", version, propagate_version = true, arg_required_else_help = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Watch the whole loop on this machine: a small project, a bug, an issue, a coder, two reviewers, a merge
    Demo(DemoArguments),
    /// Make the change that these words describe, open a pull request, review it until everyone approves
    Task(TaskArguments),
    /// Make the change that an issue describes, open a pull request, review it until everyone approves
    Issue(IssueArguments),
    /// Review an open pull request and mend it until everyone approves
    Pr(PrArguments),
    /// Go on with what was interrupted or parked
    Resume(ResumeArguments),
    /// End a run that goes on, cleanly; it can be resumed
    Stop(StopArguments),
    /// Show what runs, what is parked, what was interrupted, and what was kept aside
    Status(StatusArguments),
    /// Show what runs cost: tokens, money, time, by agent
    Usage(UsageArguments),
    /// Show what agents and tests print
    Logs(LogsArguments),
    /// Look at a whole thread: which records count, which do not, and why; exits with 1 if one is ignored for cause
    Verify(VerifyArguments),
    /// Remove clones, logs and journals of what is settled, after asking
    Clean(CleanArguments),
    /// See whether a run would find what it needs: programs, logins, settings, folders; and how to mend each
    Doctor(DoctorArguments),
    /// Show, begin or check settings
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Use the embedded forge: issues, pull requests, comments and checks without any account
    Local(LocalCommand),
    /// Print the JSON Schema of a kind of answer, or of the `context` file
    Schema(SchemaArguments),
    /// Print a script that completes words of this command line
    Completions {
        /// For which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

/// Which repository a command is about.
#[derive(Debug, Clone, Default, Args)]
pub struct Place {
    /// The repository [default: the current folder]
    #[arg(short = 'C', long = "dir", value_name = "PATH")]
    pub dir: Option<PathBuf>,
}

/// What a run says while it goes on, and at its end.
#[derive(Debug, Clone, Default, Args)]
pub struct Telling {
    /// Print the outcome as one JSON object; with `--json=events` each event too, a line each
    #[arg(long, value_name = "WHAT", num_args = 0..=1, require_equals = true, default_missing_value = "outcome")]
    pub json: Option<JsonOutput>,
    /// Say nothing on stderr but warnings and errors
    #[arg(long)]
    pub quiet: bool,
}

/// `demo`
#[derive(Debug, Args)]
pub struct DemoArguments {
    /// Keep the folder, and say how to look around in it
    #[arg(long)]
    pub keep: bool,
    /// Print the outcome as one JSON object; with `--json=events` each event too, a line each
    #[arg(long, value_name = "WHAT", num_args = 0..=1, require_equals = true, default_missing_value = "outcome")]
    pub json: Option<JsonOutput>,
}

/// What is printed as JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum JsonOutput {
    /// The outcome.
    Outcome,
    /// Every event, a line each, and then the outcome.
    Events,
}

/// `task`
#[derive(Debug, Args)]
pub struct TaskArguments {
    /// What is to be done
    #[arg(required_unless_present = "task_file", conflicts_with = "task_file")]
    pub text: Option<String>,
    /// Read what is to be done from a file; `-` is stdin
    #[arg(long, value_name = "PATH")]
    pub task_file: Option<PathBuf>,
    /// Answer the coder's questions at the terminal
    #[arg(long)]
    pub interactive: bool,
    /// How often the coder may ask [default: 3]
    #[arg(long, value_name = "N")]
    pub max_clarification_rounds: Option<u32>,
    /// Flags of every run.
    #[command(flatten)]
    pub run: RunArguments,
}

/// `issue`
#[derive(Debug, Args)]
pub struct IssueArguments {
    /// The issue's number
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    pub number: u64,
    /// Flags of every run.
    #[command(flatten)]
    pub run: RunArguments,
}

/// `pr`
#[derive(Debug, Args)]
pub struct PrArguments {
    /// The pull request's number
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    pub number: u64,
    /// Flags of every run.
    #[command(flatten)]
    pub run: RunArguments,
}

/// `status`
#[derive(Debug, Args)]
pub struct StatusArguments {
    /// Only this one: issue/N, pr/N or task/KEY
    pub subject: Option<String>,
    /// Print JSON: with a subject the shape of an outcome, else an array of them
    #[arg(long)]
    pub json: bool,
    /// Where it is.
    #[command(flatten)]
    pub place: Place,
}

/// `stop`
#[derive(Debug, Args)]
pub struct StopArguments {
    /// issue/N, pr/N or task/KEY
    pub subject: String,
    /// End its agents at once, without asking them first
    #[arg(long)]
    pub now: bool,
    /// Where it is.
    #[command(flatten)]
    pub place: Place,
}

/// `logs`
#[derive(Debug, Args)]
pub struct LogsArguments {
    /// Print the latest log of this one: issue/N, pr/N or task/KEY [default: list the logs of all]
    pub subject: Option<String>,
    /// Go on printing while it grows, and with the next one
    #[arg(short, long, requires = "subject")]
    pub follow: bool,
    /// List instead of printing
    #[arg(long, conflicts_with = "follow")]
    pub list: bool,
    /// Where it is.
    #[command(flatten)]
    pub place: Place,
}

/// `clean`
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line are just that")]
pub struct CleanArguments {
    /// Only this one: issue/N, pr/N or task/KEY
    pub subject: Option<String>,
    /// Remove unfinished work that was kept aside, too
    #[arg(long)]
    pub salvage: bool,
    /// Remove journals of what could still go on, too; what was published stays
    #[arg(long)]
    pub unfinished: bool,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
    /// Only say what would go
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
    /// Where it is.
    #[command(flatten)]
    pub place: Place,
}

/// `verify`
#[derive(Debug, Args)]
pub struct VerifyArguments {
    /// issue/N, pr/N or task/KEY
    pub subject: String,
    /// Look at a thread that was saved, instead of at the forge
    #[arg(long, value_name = "FILE", conflicts_with = "save")]
    pub dump: Option<PathBuf>,
    /// Save the thread too, with everything that it is judged by
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Where it is.
    #[command(flatten)]
    pub place: Place,
}

/// `schema`
#[derive(Debug, Args)]
pub struct SchemaArguments {
    /// A kind of answer, such as `pr_review`, or `context`; a wrong word lists them all
    pub kind: String,
    /// The dialect of native structured output: closed objects, every key required, no maps
    #[arg(long)]
    pub strict: bool,
}

/// `config`
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Show each setting with its value and where it comes from
    Explain(ExplainArguments),
    /// Begin a file of settings with comments that explain each: agent-loop.toml of this repository
    Init(InitArguments),
    /// Print the JSON Schema of a file of settings, for editors
    Schema,
    /// Allow the repository's file, as it is now, to name programs
    Trust(TrustArguments),
}

/// `config explain`
#[derive(Debug, Args)]
pub struct ExplainArguments {
    /// The branch whose agent-loop.toml counts [default: the current branch]
    #[arg(long, value_name = "BRANCH")]
    pub base: Option<BranchName>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Where it is.
    #[command(flatten)]
    pub place: Place,
}

/// `config init`
#[derive(Debug, Args)]
pub struct InitArguments {
    /// Begin your own file, for all repositories
    #[arg(long)]
    pub user: bool,
    /// Print it instead
    #[arg(long, conflicts_with = "user")]
    pub print: bool,
    /// Where it is.
    #[command(flatten)]
    pub place: Place,
}

/// `config trust`
#[derive(Debug, Args)]
pub struct TrustArguments {
    /// The repository that you mean: OWNER/REPO, or its git folder; it must be the one here
    pub repository: Option<String>,
    /// The branch whose agent-loop.toml is trusted [default: the current branch]
    #[arg(long, value_name = "BRANCH")]
    pub base: Option<BranchName>,
    /// Where it is.
    #[command(flatten)]
    pub place: Place,
}

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
    #[arg(long, value_name = "N")]
    pub max_rounds: Option<NonZeroU32>,
    /// A gate: this command must succeed on the approved commit (words are split, no shell)
    #[arg(long, value_name = "COMMAND")]
    pub test_command: Option<String>,
    /// Run the test command only before approval, not before each review
    #[arg(long)]
    pub no_pre_review_tests: bool,
    /// How long the test command may take [default: 1800]
    #[arg(long, value_name = "SECONDS")]
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
    #[arg(long, value_name = "SECONDS")]
    pub repair_timeout_seconds: Option<NonZeroU64>,
    /// Merge what is approved
    #[arg(long)]
    pub auto_merge: bool,
    /// With --auto-merge: how long unfinished checks are awaited [default: 1200]
    #[arg(long, value_name = "SECONDS")]
    pub ci_timeout_seconds: Option<u64>,
    /// With --auto-merge: how often checks are looked at [default: 30]
    #[arg(long, value_name = "SECONDS")]
    pub ci_poll_interval_seconds: Option<NonZeroU64>,
    /// Where issues and pull requests are [default: auto]
    #[arg(long, value_name = "FORGE")]
    pub forge: Option<ForgeChoice>,
    /// The folder of raw logs [default: in the state folder]
    #[arg(long, value_name = "PATH")]
    pub log_dir: Option<PathBuf>,
    /// How often it is said who still works [default: 30]
    #[arg(long, value_name = "SECONDS")]
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
pub(super) fn agent(text: &str) -> Result<AgentName, String> {
    text.parse().map_err(|error: InvalidName| {
        let typed = text.split(':').next().unwrap_or_default();
        let typed = typed.rsplit('=').next().unwrap_or_default();
        let known = Backend::ALL.map(Backend::name);
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
