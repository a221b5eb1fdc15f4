//! Arguments, wiring, output, exit codes, one file per command. The only floor that prints.

pub mod arguments;
pub mod demo;
pub mod lines;
pub mod local;
pub mod outcome;
pub mod print;
pub mod repository;
pub mod run_command;
pub mod signals;
pub mod status;
pub mod surroundings;
pub mod terminal;
pub mod wiring;

use std::process::ExitCode;

use clap::Parser;

use crate::domain::ending::{Ending, Refused};
use crate::domain::ids::{IssueNumber, PullRequestNumber};
use crate::engine::outcome::Outcome;
use crate::flow::request::Questions;

use arguments::{Arguments, Command, RunArguments};
use run_command::Order;
use surroundings::Surroundings;

/// Runs the program.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return misread(&error),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let (runtime, surroundings) = match (runtime, Surroundings::read()) {
        (Ok(runtime), Ok(surroundings)) => (runtime, surroundings),
        (Err(error), _) => return complain(&error.to_string(), 1),
        (_, Err(why)) => return complain(&why, 2),
    };
    runtime.block_on(command(arguments.command, &surroundings))
}

/// Words that make no sense. A script that asked for JSON gets its outcome all the same.
fn misread(error: &clap::Error) -> ExitCode {
    let asked_for_json = asked_for_json();
    if error.use_stderr() && asked_for_json {
        let message = error.to_string();
        let object = serde_json::json!({
            "schema": "agent-loop/outcome/1",
            "status": "refused",
            "reason": Refused::Usage.name(),
            "exit": 2,
            "message": message.trim(),
        });
        print::result(&format!("{object}\n"));
        return ExitCode::from(2);
    }
    let text = error.render().ansi().to_string();
    if error.use_stderr() {
        print::talk(&crate::adapters::process::tail::plain(&text));
        print::talk("\n");
        ExitCode::from(2)
    } else {
        print::result(&crate::adapters::process::tail::plain(&text));
        print::result("\n");
        ExitCode::SUCCESS
    }
}

fn asked_for_json() -> bool {
    std::env::args_os().any(|argument| argument == "--json")
}

fn complain(why: &str, exit: u8) -> ExitCode {
    print::talk(&format!("agent-loop: {why}\n"));
    ExitCode::from(exit)
}

async fn command(command: Command, surroundings: &Surroundings) -> ExitCode {
    match command {
        Command::Demo(arguments) => match demo::run(&arguments, surroundings).await {
            Ok(outcome) => conclude(&outcome, "", arguments.json),
            Err(why) => complain(&why, 1),
        },
        Command::Task(arguments) => {
            let text = match run_command::task_text(&arguments, &surroundings.folder) {
                Ok(text) => text,
                Err(why) => return complain(&why, 2),
            };
            let questions = if arguments.interactive {
                Questions::Interactive { at_most: arguments.max_clarification_rounds }
            } else {
                Questions::Stop
            };
            run(Order::Task(text), &arguments.run, questions, surroundings).await
        }
        Command::Issue(arguments) => {
            let order = Order::Issue(IssueNumber(arguments.number));
            run(order, &arguments.run, Questions::Stop, surroundings).await
        }
        Command::Pr(arguments) => {
            let order = Order::PullRequest(PullRequestNumber(arguments.number));
            run(order, &arguments.run, Questions::Stop, surroundings).await
        }
        Command::Status(arguments) => match status::run(&arguments, surroundings).await {
            Ok(text) => {
                print::result(&text);
                ExitCode::SUCCESS
            }
            Err(why) => complain(&why, 2),
        },
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
    }
}

async fn run(
    order: Order,
    arguments: &RunArguments,
    questions: Questions,
    surroundings: &Surroundings,
) -> ExitCode {
    let outcome = run_command::run(order, arguments, questions, surroundings).await;
    conclude(&outcome, &next_command(&outcome), arguments.json)
}

/// What a person types next.
fn next_command(outcome: &Outcome) -> String {
    let subject = outcome.pull_request.map_or_else(String::new, |number| format!("agent-loop pr {number}"));
    match &outcome.ending {
        Ending::Approved => outcome
            .pull_request
            .map_or_else(String::new, |number| format!("agent-loop local pr merge {number}")),
        Ending::Merged { .. } | Ending::Refused { .. } => String::new(),
        Ending::Blocked { .. } | Ending::NeedsHuman { .. } => outcome
            .pull_request
            .map_or_else(String::new, |number| format!("agent-loop local pr view {number}")),
        Ending::Failed { .. }
        | Ending::Parked { .. }
        | Ending::ApprovedCiPending
        | Ending::Inconclusive
        | Ending::Interrupted => subject,
    }
}

fn conclude(outcome: &Outcome, next: &str, as_json: bool) -> ExitCode {
    if as_json {
        print::result(&format!("{}\n", outcome::json(outcome, next)));
    } else {
        print::result(&outcome::words(outcome, next));
    }
    ExitCode::from(outcome.ending.exit_code())
}
