//! The words of the command line. Only what works is here.

pub mod agents;
pub mod budget;
pub mod numbers;
pub mod run;
pub mod task;
pub mod vendors;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::cli::commands::doctor::arguments::DoctorArguments;
use crate::cli::commands::local::LocalCommand;
use crate::cli::commands::resume::arguments::ResumeArguments;
use crate::cli::commands::usage::UsageArguments;
use crate::domain::ids::BranchName;

use numbers::{number, whole};
use run::RunArguments;

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
    /// Show what runs, is parked, was interrupted or waits for you, what was kept aside, and what was settled last
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
    /// Print the outcome on stdout as one JSON object; with `--json=events` each event too, a line each.
    /// What people read stays on stderr (see --quiet)
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
    /// Print the outcome on stdout as one JSON object; with `--json=events` each event too, a line each.
    /// Then only warnings are said on stderr
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
    /// What is to be done: a sentence, best between quotes; words without them must stand together, flags before or after
    #[arg(required_unless_present = "task_file", conflicts_with = "task_file")]
    pub text: Vec<String>,
    /// Read what is to be done from a file; `-` is stdin
    #[arg(long, value_name = "PATH")]
    pub task_file: Option<PathBuf>,
    /// Answer the coder's questions at the terminal
    #[arg(long)]
    pub interactive: bool,
    /// How often the coder may ask [default: 3]
    #[arg(long, value_name = "N", value_parser = whole::<u32>, allow_negative_numbers = true)]
    pub max_clarification_rounds: Option<u32>,
    /// Flags of every run.
    #[command(flatten)]
    pub run: RunArguments,
}

/// `issue`
#[derive(Debug, Args)]
pub struct IssueArguments {
    /// The issue's number
    #[arg(value_parser = number, allow_negative_numbers = true)]
    pub number: u64,
    /// Flags of every run.
    #[command(flatten)]
    pub run: RunArguments,
}

/// `pr`
#[derive(Debug, Args)]
pub struct PrArguments {
    /// The pull request's number
    #[arg(value_parser = number, allow_negative_numbers = true)]
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
    /// Show all of what is settled, not only the latest 5
    #[arg(long, conflicts_with = "subject")]
    pub all: bool,
    /// Print JSON: with a subject the shape of an outcome, else an array of them, always all
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
    /// Print this one: a name from `--list` or its beginning, or a number, 1 being the latest
    #[arg(conflicts_with_all = ["follow", "list"])]
    pub name: Option<String>,
    /// Go on printing while it grows, and with the next one
    #[arg(short, long, requires = "subject")]
    pub follow: bool,
    /// List instead of printing: whose each is, when, how large, how it ended
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
