//! The words of the command line. Only what works is here.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::domain::agent::AgentName;
use crate::domain::ids::BranchName;
use crate::domain::subject::Subject;

use super::local::LocalCommand;

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
    /// Show what runs, what is parked, what was interrupted, and what was kept aside
    Status(StatusArguments),
    /// Use the embedded forge: issues, pull requests, comments and checks without any account
    Local(LocalCommand),
}

/// `demo`
#[derive(Debug, Args)]
pub struct DemoArguments {
    /// Keep the folder, and say how to look around in it
    #[arg(long)]
    pub keep: bool,
    /// Print the outcome as one JSON object
    #[arg(long)]
    pub json: bool,
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
    /// How often the coder may ask
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub max_clarification_rounds: u32,
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
    pub subject: Option<Subject>,
    /// Print JSON: with a subject the shape of an outcome, else an array of them
    #[arg(long)]
    pub json: bool,
    /// The repository [default: the current folder]
    #[arg(short = 'C', long = "dir", value_name = "PATH")]
    pub dir: Option<PathBuf>,
}

/// Flags of every run.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line are just that")]
pub struct RunArguments {
    /// Who changes files: [LABEL=]command:PATH or [LABEL=]scripted:FILE
    #[arg(long, value_name = "AGENT")]
    pub coder: Option<AgentName>,
    /// Who reviews; give it again for more reviewers
    #[arg(long, value_name = "AGENT")]
    pub reviewer: Vec<AgentName>,
    /// The branch to change [default: the current branch]
    #[arg(long, value_name = "BRANCH")]
    pub base: Option<BranchName>,
    /// After this many rounds with something left to fix the run ends [default: 10]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub max_rounds: Option<u32>,
    /// A gate: this command must succeed on the approved commit (words are split, no shell)
    #[arg(long, value_name = "COMMAND")]
    pub test_command: Option<String>,
    /// Run the test command only before approval, not before each review
    #[arg(long)]
    pub no_pre_review_tests: bool,
    /// How long the test command may take
    #[arg(long, value_name = "SECONDS", default_value_t = 1800)]
    pub test_timeout_seconds: u64,
    /// How long a turn may take
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    pub agent_timeout_seconds: u64,
    /// Ask all reviewers of a round at once (the default)
    #[arg(long, overrides_with = "no_parallel_reviewers")]
    pub parallel_reviewers: bool,
    /// Ask the reviewers of a round one after the other
    #[arg(long)]
    pub no_parallel_reviewers: bool,
    /// When a reviewer fails: end the run, or let the coder work on what the others found [default: stop]
    #[arg(long, value_name = "WHAT")]
    pub on_reviewer_failure: Option<ReviewerFailure>,
    /// Merge what is approved
    #[arg(long)]
    pub auto_merge: bool,
    /// With --auto-merge: how long unfinished checks are awaited
    #[arg(long, value_name = "SECONDS", default_value_t = 1200)]
    pub ci_timeout_seconds: u64,
    /// With --auto-merge: how often checks are looked at
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..))]
    pub ci_poll_interval_seconds: u64,
    /// Where issues and pull requests are
    #[arg(long, value_name = "FORGE", default_value = "auto")]
    pub forge: ForgeChoice,
    /// The repository [default: the current folder]
    #[arg(short = 'C', long = "dir", value_name = "PATH")]
    pub dir: Option<PathBuf>,
    /// Print the outcome as one JSON object on stdout
    #[arg(long)]
    pub json: bool,
    /// Say nothing on stderr but warnings and errors
    #[arg(long)]
    pub quiet: bool,
}

/// When a reviewer fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReviewerFailure {
    /// End the run.
    Stop,
    /// Let the coder work on what the others found.
    Continue,
}

/// Where issues and pull requests are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ForgeChoice {
    /// The embedded forge, unless the repository's origin is on GitHub.
    Auto,
    /// GitHub.
    Github,
    /// The embedded forge.
    Local,
}
