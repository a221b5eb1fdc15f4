//! `task`, `issue`, `pr` and `discuss`: start or resume a run, and print its outcome.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use crate::cli::arguments::common::read_text;
use crate::cli::arguments::numbers::{self, Reference};
use crate::cli::arguments::run::RunArguments;
use crate::cli::arguments::settings::{FlagChoice, SettingFlags};
use crate::cli::config::flags::{CLARIFICATIONS, EXECUTION_MODE, EXECUTION_MODE_KEY, Flag, is_about_plans};
use crate::cli::run::command::{self, RunResult};
use crate::cli::run::goal::{Answers, Goal, GoalTarget, RunInvocation, Trigger};
use crate::cli::surroundings::Surroundings;
use crate::cli::view::ending::{complain, conclude, parking_hint};
use crate::cli::view::outcome::next_command;
use crate::cli::view::print;
use crate::domain::ending::Ending;
use crate::domain::execution::ExecutionMode;
use crate::domain::ids::{IssueNumber, PullRequestNumber};
use crate::flow::names;

/// `task`
#[derive(Debug, Args)]
pub struct TaskArguments {
    /// Task for the coder: one quoted text, or words without flags between them
    #[arg(conflicts_with = "task_file")]
    pub text: Vec<String>,
    /// Read the task from a file; `-` for stdin
    #[arg(long, value_name = "PATH")]
    pub task_file: Option<PathBuf>,
    /// Answer the coder's questions at the terminal
    #[arg(long)]
    pub interactive: bool,
    #[command(flatten)]
    pub run: RunArguments,
    #[command(flatten)]
    pub clarifications: SettingFlags<ClarificationFlags>,
}

/// The flag about the coder's questions.
#[derive(Debug)]
pub struct ClarificationFlags;

impl FlagChoice for ClarificationFlags {
    fn has(flag: &Flag) -> bool {
        flag.name == CLARIFICATIONS
    }
}

/// `issue`
#[derive(Debug, Args)]
pub struct IssueArguments {
    /// Number of the issue: 7, #7 or a URL
    #[arg(value_parser = numbers::issue, allow_negative_numbers = true)]
    pub number: Reference,
    /// Implement the approved plan: the same as --plan-execution-mode implement-one-shot
    #[arg(long, conflicts_with = EXECUTION_MODE)]
    pub implement_after_approval: bool,
    #[command(flatten)]
    pub planning: SettingFlags<PlanningFlags>,
    #[command(flatten)]
    pub run: RunArguments,
}

/// The flags about plans.
#[derive(Debug)]
pub struct PlanningFlags;

impl FlagChoice for PlanningFlags {
    fn has(flag: &Flag) -> bool {
        is_about_plans(&flag.path)
    }
}

/// `pr`
#[derive(Debug, Args)]
pub struct PrArguments {
    /// Number of the pull request: 7, #7 or a URL
    #[arg(value_parser = numbers::pull_request, allow_negative_numbers = true)]
    pub number: Reference,
    #[command(flatten)]
    pub run: RunArguments,
}

/// `issue`
pub async fn issue(arguments: IssueArguments, surroundings: &Surroundings) -> ExitCode {
    let target = GoalTarget::Issue(IssueNumber(arguments.number.number));
    let goal = Goal { flow: names::DELIVERY, target };
    let mut run = in_repository(arguments.run, arguments.number.repository);
    run.settings.values.extend(arguments.planning.values);
    if arguments.implement_after_approval {
        let mode = ExecutionMode::ImplementOneShot.name();
        run.settings.values.insert(EXECUTION_MODE_KEY.to_owned(), mode.into());
    }
    begin(goal, &run, Answers::Nobody, surroundings).await
}

/// `pr`
pub async fn pull_request(arguments: PrArguments, surroundings: &Surroundings) -> ExitCode {
    let target = GoalTarget::PullRequest(PullRequestNumber(arguments.number.number));
    let goal = Goal { flow: names::REVIEW, target };
    let run = in_repository(arguments.run, arguments.number.repository);
    begin(goal, &run, Answers::Nobody, surroundings).await
}

/// A URL also names the repository, unless a flag does.
pub(super) fn in_repository(mut run: RunArguments, repository: Option<String>) -> RunArguments {
    if let Some(repository) = repository {
        run.settings.values.entry("forge.repository".to_owned()).or_insert_with(|| repository.into());
    }
    run
}

/// `task`
pub async fn task(arguments: TaskArguments, surroundings: &Surroundings) -> ExitCode {
    let text = match task_text(&arguments, &surroundings.folder) {
        Ok(text) => text,
        Err(why) => return complain(&why, 2, &surroundings.place),
    };
    let TaskArguments { interactive, clarifications, mut run, .. } = arguments;
    run.settings.values.extend(clarifications.values);
    let answers = if interactive { Answers::AtTheTerminal } else { Answers::Nobody };
    let goal = Goal { flow: names::DELIVERY, target: GoalTarget::Task(text) };
    begin(goal, &run, answers, surroundings).await
}

/// Returns the text of a task, from the command line, a file, or stdin.
fn task_text(arguments: &TaskArguments, folder: &Path) -> Result<String, String> {
    let text = match (arguments.text.as_slice(), &arguments.task_file) {
        (words @ [_, ..], _) => words.join(" "),
        ([], Some(path)) => read_text(path, folder)?,
        ([], None) => String::new(),
    };
    if text.trim().is_empty() {
        let why = "the task is empty; describe the change: `agent-loop task TEXT`, or name a file that does: --task-file PATH";
        return Err(why.to_owned());
    }
    Ok(text)
}

/// Runs a goal, and prints its outcome.
async fn begin(
    goal: Goal,
    arguments: &RunArguments,
    answers: Answers,
    surroundings: &Surroundings,
) -> ExitCode {
    let result =
        command::run(goal, arguments, RunInvocation { trigger: Trigger::Command, answers }, surroundings)
            .await;
    finish(result, arguments, surroundings)
}

/// Prints the result of a command.
pub(super) fn finish(result: RunResult, arguments: &RunArguments, surroundings: &Surroundings) -> ExitCode {
    let json = arguments.output.json;
    match result {
        RunResult::Ended(outcome) => {
            let exit = conclude(&outcome, &next_command(&outcome), json, &surroundings.place);
            if matches!(outcome.ending, Ending::Parked { .. }) && json.is_none() {
                print::result(&parking_hint(&surroundings.place));
            }
            exit
        }
        RunResult::DryRun(dry_run) => {
            let text = if json.is_some() { format!("{}\n", dry_run.json()) } else { dry_run.text() };
            print::result(&text);
            ExitCode::from(dry_run.exit_code())
        }
    }
}
