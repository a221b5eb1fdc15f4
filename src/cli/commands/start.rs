//! `task`, `issue` and `pr`: begin a run, or go on with it, and say how it ended.

use std::process::ExitCode;

use crate::cli::arguments::run::RunArguments;
use crate::cli::arguments::{IssueArguments, PrArguments, TaskArguments};
use crate::cli::run::command::{self, Answers, RunResult};
use crate::cli::run::order::{self, Order};
use crate::cli::run::permissions::Occasion;
use crate::cli::surroundings::Surroundings;
use crate::cli::view::ending::{PARKING_HINT, complain, conclude};
use crate::cli::view::outcome::next_command;
use crate::cli::view::print;
use crate::domain::ending::Ending;
use crate::domain::ids::{IssueNumber, PullRequestNumber};

/// `issue`
pub async fn issue(arguments: &IssueArguments, surroundings: &Surroundings) -> ExitCode {
    let order = Order::Issue(IssueNumber(arguments.number));
    run(order, &arguments.run, Answers::Nobody, surroundings).await
}

/// `pr`
pub async fn pull_request(arguments: &PrArguments, surroundings: &Surroundings) -> ExitCode {
    let order = Order::PullRequest(PullRequestNumber(arguments.number));
    run(order, &arguments.run, Answers::Nobody, surroundings).await
}

/// `task`
pub async fn task(arguments: &TaskArguments, surroundings: &Surroundings) -> ExitCode {
    let text = match order::task_text(arguments, &surroundings.folder) {
        Ok(text) => text,
        Err(why) => return complain(&why, 2),
    };
    let answers = if arguments.interactive {
        Answers::AtTheTerminal(arguments.max_clarification_rounds)
    } else {
        Answers::Nobody
    };
    run(Order::Task(text), &arguments.run, answers, surroundings).await
}

async fn run(
    order: Order,
    arguments: &RunArguments,
    answers: Answers,
    surroundings: &Surroundings,
) -> ExitCode {
    match command::run(order, arguments, (Occasion::Command, answers), surroundings).await {
        RunResult::Ended(outcome) => {
            let as_json = arguments.telling.json.is_some();
            let exit = conclude(&outcome, &next_command(&outcome), as_json);
            if matches!(outcome.ending, Ending::Parked { .. }) && !as_json {
                print::result(PARKING_HINT);
            }
            exit
        }
        RunResult::Rehearsed(rehearsal) => {
            if arguments.telling.json.is_some() {
                print::result(&format!("{}\n", rehearsal.json()));
            } else {
                print::result(&rehearsal.words());
            }
            ExitCode::from(rehearsal.exit_code())
        }
    }
}
