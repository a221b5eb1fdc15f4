//! Arguments, wiring, output, exit codes, one file per command. The only floor that prints.

pub mod agent_flags;
pub mod arguments;
pub mod budget;
pub mod clean;
pub mod config;
pub mod demo;
pub mod diagnostics;
pub mod doctor;
pub mod here;
pub mod local;
pub mod logs;
pub mod nearest;
pub mod outcome;
pub mod print;
pub mod rehearse;
pub mod repository;
pub mod resume;
pub mod retain;
pub mod run;
pub mod schema;
pub mod shell;
pub mod signals;
pub mod status;
pub mod stop;
pub mod surroundings;
pub mod survey;
pub mod usage;
pub mod vendors;
pub mod verify;
pub mod view;
pub mod wiring;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use crate::domain::ending::{Ending, Failed, Refused};
use crate::domain::ids::{IssueNumber, PullRequestNumber};
use crate::engine::outcome::Outcome;

use arguments::{Arguments, Command, RunArguments, TaskArguments};
use run::command::{Answers, Conclusion};
use run::order::{self, Order};
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
    if let Err(why) = diagnostics::begin(&surroundings.variables) {
        return complain(&why, 2);
    }
    let exit = runtime.block_on(command(arguments.command, &surroundings));
    // A question that was asked when Ctrl-C came still waits for its line; nobody else does.
    runtime.shutdown_background();
    exit
}

/// Words that make no sense. A script that asked for JSON gets its outcome all the same.
fn misread(error: &clap::Error) -> ExitCode {
    if error.use_stderr() && asked_for_json() {
        return complain(error.to_string().trim().trim_start_matches("error: "), 2);
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
    let json = |argument: std::ffi::OsString| {
        argument == "--json" || argument.as_encoded_bytes().starts_with(b"--json=")
    };
    std::env::args_os().any(json)
}

/// Nothing was begun. Whoever asked for JSON gets an outcome for every exit.
fn complain(why: &str, exit: u8) -> ExitCode {
    if asked_for_json() {
        let (status, reason) =
            if exit == 2 { ("refused", Refused::Usage.name()) } else { ("failed", Failed::Error.name()) };
        let object = serde_json::json!({
            "schema": "agent-loop/outcome/1", "status": status, "reason": reason, "exit": exit, "message": why,
        });
        print::result(&format!("{object}\n"));
    } else {
        print::talk(&format!("agent-loop: {why}\n"));
    }
    ExitCode::from(exit)
}

async fn command(command: Command, surroundings: &Surroundings) -> ExitCode {
    match command {
        Command::Demo(arguments) => match demo::run(&arguments, surroundings).await {
            Ok(outcome) => conclude(&outcome, "", arguments.json.is_some()),
            Err(why) => complain(&why, 1),
        },
        Command::Task(arguments) => task(&arguments, surroundings).await,
        Command::Issue(arguments) => {
            let order = Order::Issue(IssueNumber(arguments.number));
            run(order, &arguments.run, Answers::Nobody, surroundings).await
        }
        Command::Pr(arguments) => {
            let order = Order::PullRequest(PullRequestNumber(arguments.number));
            run(order, &arguments.run, Answers::Nobody, surroundings).await
        }
        Command::Resume(arguments) => resume::command::run(&arguments, surroundings).await,
        Command::Stop(arguments) => say(stop::run(&arguments, surroundings).await),
        Command::Status(arguments) => say(status::run(&arguments, surroundings).await),
        Command::Usage(arguments) => say(usage::command::run(&arguments, surroundings).await),
        Command::Logs(arguments) => say(logs::run(&arguments, surroundings).await.map(|()| String::new())),
        Command::Clean(arguments) => say(clean::run(&arguments, surroundings).await),
        Command::Config(command) => say(config::command::run(&command, surroundings).await),
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
        Command::Verify(arguments) => say_with_code(verify::run(&arguments, surroundings).await),
        Command::Doctor(arguments) => say_with_code(doctor::run(&arguments, surroundings).await),
        Command::Schema(arguments) => say(schema::run(&arguments)),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "agent-loop", &mut script);
            say(Ok(String::from_utf8_lossy(&script).into_owned()))
        }
        Command::Man => say(manual()),
    }
}

/// Prints a result, or says why there is none.
fn say(result: Result<String, String>) -> ExitCode {
    match result {
        Ok(text) => {
            print::result(&text);
            ExitCode::SUCCESS
        }
        Err(why) => complain(&why, 2),
    }
}

/// The same, with an exit code of its own.
fn say_with_code(result: Result<(String, u8), String>) -> ExitCode {
    match result {
        Ok((text, exit)) => {
            print::result(&text);
            ExitCode::from(exit)
        }
        Err(why) => complain(&why, 2),
    }
}

fn manual() -> Result<String, String> {
    let mut page = Vec::new();
    let manual = clap_mangen::Man::new(Arguments::command());
    manual.render(&mut page).map_err(|error| format!("the manual page can't be made: {error}"))?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

async fn task(arguments: &TaskArguments, surroundings: &Surroundings) -> ExitCode {
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
    match run::command::run(order, arguments, answers, surroundings).await {
        Conclusion::Ended(outcome) => {
            let as_json = arguments.telling.json.is_some();
            let exit = conclude(&outcome, &next_command(&outcome), as_json);
            if matches!(outcome.ending, Ending::Parked { .. }) && !as_json {
                print::result(PARKING_HINT);
            }
            exit
        }
        Conclusion::Rehearsed(rehearsal) => {
            if arguments.telling.json.is_some() {
                print::result(&format!("{}\n", rehearsal.json()));
            } else {
                print::result(&rehearsal.words());
            }
            ExitCode::from(rehearsal.exit_code())
        }
    }
}

/// What is said once when a run is parked.
const PARKING_HINT: &str = "  let cron do that: agent-loop resume --print-cron (or --print-systemd)\n";

/// What a person types next.
fn next_command(outcome: &Outcome) -> String {
    let again = || outcome.pull_request.map_or_else(String::new, |number| format!("agent-loop pr {number}"));
    match &outcome.ending {
        Ending::Approved => outcome
            .pull_request
            .map_or_else(String::new, |number| format!("agent-loop local pr merge {number}")),
        Ending::Merged { .. } | Ending::Refused { .. } => String::new(),
        Ending::Blocked { .. } | Ending::NeedsHuman { .. } => outcome
            .pull_request
            .map_or_else(String::new, |number| format!("agent-loop local pr view {number}")),
        Ending::Parked { .. } => "agent-loop resume --due".to_owned(),
        Ending::Interrupted => format!("agent-loop resume {}", outcome.subject),
        Ending::Failed { .. } | Ending::ApprovedCiPending | Ending::Inconclusive => again(),
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
