//! A file or a folder for each command: what it does with its words, and how it ends.

pub mod clean;
pub mod config;
pub mod demo;
pub mod doctor;
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

use super::arguments::Command;
use super::surroundings::Surroundings;
use super::view::ending::{complain, conclude, say, say_with_code};
use super::view::print;

/// Does what was typed.
pub async fn perform(command: Command, surroundings: &Surroundings) -> ExitCode {
    match command {
        Command::Demo(arguments) => match demo::run(&arguments, surroundings).await {
            Ok(outcome) => conclude(&outcome, "", arguments.json.is_some()),
            Err(why) => complain(&why, 1),
        },
        Command::Task(arguments) => start::task(&arguments, surroundings).await,
        Command::Issue(arguments) => start::issue(&arguments, surroundings).await,
        Command::Pr(arguments) => start::pull_request(&arguments, surroundings).await,
        Command::Resume(arguments) => resume::command::run(&arguments, surroundings).await,
        Command::Stop(arguments) => say(stop::run(&arguments, surroundings).await),
        Command::Status(arguments) => say(status::run(&arguments, surroundings).await),
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
        Command::Verify(arguments) => say_with_code(verify::run(&arguments, surroundings).await),
        Command::Doctor(arguments) => say_with_code(doctor::run(&arguments, surroundings).await),
        Command::Schema(arguments) => say(schema::run(&arguments)),
        Command::Completions { shell } => say(Ok(shell::completions(shell))),
        Command::Man => say(shell::manual()),
    }
}
