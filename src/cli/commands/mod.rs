//! The commands: each has a file or a folder with its arguments and its code.

pub mod clean;
pub mod config;
pub mod demo;
pub mod discuss;
pub mod doctor;
pub mod gates;
pub mod guard;
pub mod local;
pub mod logs;
pub mod resume;
pub mod schema;
pub mod shell;
pub mod start;
pub mod status;
pub mod stop;
pub mod usage;
pub mod verify;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

use super::arguments::deferred::Deferred;
use super::surroundings::Surroundings;
use super::view::ending::{say, say_with_code};
use super::view::print;

const EXAMPLES: &str = "\
Examples:
  agent-loop task 'Keep accents in slugs' --forge local --test-command 'npm test'
  agent-loop status
  agent-loop logs pr/1 --follow
  agent-loop local pr merge 1";
const TASK_EXAMPLES: &str = "\
Examples:
  agent-loop task 'Keep accents in slugs' --forge local --test-command 'npm test'
  agent-loop task --task-file todo.md --coder claude --reviewer codex --reviewer gemini
  agent-loop task 'Change the separator' --interactive
  agent-loop task 'Fix the build' --coder command:./agent.sh --dry-run

-h shows the most common options, --help all of them.";
const ISSUE_EXAMPLES: &str = "\
Examples:
  agent-loop local issue create --title 'Slugs lose accents' --body '...'
  agent-loop issue 1 --test-command 'npm test'
  agent-loop issue 1 --plan-first --implement-after-approval

-h shows the most common options, --help all of them.";
const PR_EXAMPLES: &str = "\
Examples:
  agent-loop pr 7 --test-command 'npm test'
  agent-loop pr '#7' --reviewer codex --reviewer gemini --max-rounds 3

-h shows the most common options, --help all of them.";

const DISCUSS_EXAMPLES: &str = "\
Examples:
  agent-loop discuss 7 --reviewer codex --reviewer claude
  agent-loop discuss 7 --reviewer codex --reviewer claude --discuss-analyzer gemini --discuss-parallel
  agent-loop discuss --question 'Should slugs keep accents?' --reviewer codex --reviewer claude

-h shows the most common options, --help all of them.";

const ENVIRONMENT: &str = "\
Environment: agents, tests and other gates get only the variables of an allow-list, such as PATH, HOME and the proxies.
  To pass another variable to an agent, name it in a configuration: agents.NAME.env = [\"DATABASE_URL\"]
  To set one for a command, put it before the command: --test-command 'env DATABASE_URL=... npm test'";

fn with_environment(examples: &str) -> String {
    format!("{ENVIRONMENT}\n\n{examples}")
}

/// One coding agent writes a change, others review it, round after round, until all approve the same commit and every
/// gate passes.
#[derive(Debug, Parser)]
#[command(name = "agent-loop", after_help = EXAMPLES, version, propagate_version = true, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

/// A command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Watch a whole run on a small sample project: an issue, a coder, two reviewers, a merge
    Demo(demo::DemoArguments),
    /// Make a change from a description: open a pull request and review it until everyone approves
    #[command(after_help = TASK_EXAMPLES, after_long_help = with_environment(TASK_EXAMPLES))]
    Task(Deferred<start::TaskArguments>),
    /// Make the change described by an issue: open a pull request and review it until everyone approves
    #[command(after_help = ISSUE_EXAMPLES, after_long_help = with_environment(ISSUE_EXAMPLES))]
    Issue(Deferred<start::IssueArguments>),
    /// Review an open pull request and fix it until everyone approves
    #[command(after_help = PR_EXAMPLES, after_long_help = with_environment(PR_EXAMPLES))]
    Pr(Deferred<start::PrArguments>),
    /// Let agents vote on an issue and debate it before anyone writes code, until they agree or a person must decide
    #[command(after_help = DISCUSS_EXAMPLES, after_long_help = with_environment(DISCUSS_EXAMPLES))]
    Discuss(Deferred<discuss::DiscussArguments>),
    /// Resume interrupted runs, and runs that are parked until a quota resets
    #[command(after_long_help = ENVIRONMENT)]
    Resume(Deferred<resume::arguments::ResumeArguments>),
    /// Stop an active run cleanly; it can be resumed
    Stop(stop::StopArguments),
    /// Show runs that wait for you, active and parked runs, saved work and recent results
    Status(status::StatusArguments),
    /// Measure the gates of a pull request or a checkout and explain what an approval needs, without running an agent
    #[command(after_long_help = ENVIRONMENT)]
    Gates(Deferred<gates::arguments::GatesArguments>),
    /// Show the cost of runs: tokens, money and time, by agent
    Usage(usage::UsageArguments),
    /// Show the output of agents and tests
    Logs(logs::LogsArguments),
    /// Check the records of a thread: list valid and ignored ones with reasons. Exit code: 0 sound, 1 not sound, 2 not checked
    Verify(verify::VerifyArguments),
    /// Remove clones, logs, journals and saved work of settled subjects, after confirmation
    Clean(clean::CleanArguments),
    /// Check what a run needs and suggest fixes
    Doctor(Deferred<doctor::arguments::DoctorArguments>),
    /// Show, create or check settings
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Use the embedded forge: issues, pull requests, comments and checks without an account
    Local(local::LocalCommand),
    /// Print the JSON Schema of a kind of answer, or of the `context` file
    Schema(schema::SchemaArguments),
    /// Print a completion script for a shell
    Completions {
        /// Shell to complete for
        shell: Shell,
    },
    /// Print the manual page
    Man,
    /// End remaining agents of a killed run; started by every run itself
    #[command(hide = true)]
    Guard(guard::GuardArguments),
}

/// Runs a command.
pub async fn perform(command: Command, surroundings: &Surroundings) -> ExitCode {
    let place = &surroundings.place;
    let say = |told: Result<String, String>| say(told, place);
    match command {
        Command::Demo(arguments) => demo::run(&arguments, surroundings).await,
        Command::Task(arguments) => start::task(*arguments.0, surroundings).await,
        Command::Issue(arguments) => start::issue(*arguments.0, surroundings).await,
        Command::Pr(arguments) => start::pull_request(*arguments.0, surroundings).await,
        Command::Discuss(arguments) => discuss::run(*arguments.0, surroundings).await,
        Command::Resume(arguments) => resume::command::run(&arguments.0, surroundings).await,
        Command::Stop(arguments) => say(stop::run(&arguments, surroundings).await),
        Command::Status(arguments) => say(status::run(&arguments, surroundings).await),
        Command::Gates(arguments) => gates::run(*arguments.0, surroundings).await,
        Command::Usage(arguments) => say(usage::run(&arguments, surroundings).await),
        Command::Logs(arguments) => say(logs::run(&arguments, surroundings).await.map(|()| String::new())),
        Command::Clean(arguments) => say(clean::run(&arguments, surroundings).await),
        Command::Config(command) => say(config::run(&command, surroundings).await),
        Command::Local(arguments) => {
            let as_json = arguments.json;
            let (text, exit) = local::run(arguments, surroundings).await;
            if exit == 0 || as_json {
                print::result(&text);
            } else {
                print::talk(&text);
            }
            ExitCode::from(exit)
        }
        Command::Verify(arguments) => say_with_code(verify::run(&arguments, surroundings).await, place),
        Command::Doctor(arguments) => say_with_code(doctor::run(&arguments.0, surroundings).await, place),
        Command::Schema(arguments) => say(schema::run(&arguments)),
        Command::Completions { shell } => say(Ok(shell::completions(Arguments::command(), shell))),
        Command::Guard(arguments) => say(guard::run(&arguments)),
        Command::Man => say(shell::manual(Arguments::command())),
    }
}
