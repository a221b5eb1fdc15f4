//! The end of a command: its output and exit code.

use std::process::ExitCode;

use crate::cli::arguments::common::JsonOutput;
use crate::domain::ending::{Failed, Refused};
use crate::engine::outcome::Outcome;
use crate::text::sanitize::escaped;

use super::place::CommandPlace;
use super::{outcome, print};

/// Returns whether the command line requests JSON, as far as that can be determined before it is parsed.
pub fn asked_for_json() -> bool {
    let json = |argument: std::ffi::OsString| {
        argument == "--json" || argument.as_encoded_bytes().starts_with(b"--json=")
    };
    std::env::args_os().any(json)
}

/// Reports an error before a run, with the command that it proposes.
pub fn complain(why: &str, exit: u8, place: &CommandPlace) -> ExitCode {
    let (message, next) = explained(why, place);
    report(&message, &next, exit)
}

/// Reports an error. With `--json` every exit has an outcome.
pub fn report(message: &str, next: &str, exit: u8) -> ExitCode {
    if asked_for_json() {
        let (status, reason) =
            if exit == 2 { ("refused", Refused::Usage.name()) } else { ("failed", Failed::Error.name()) };
        let object = serde_json::json!({
            "schema": "agent-loop/outcome/1", "status": status, "reason": reason, "exit": exit, "message": message,
            "next_command": next,
        });
        print::result(&format!("{object}\n"));
    } else {
        print::talk(&escaped(&lines(message, next)));
    }
    ExitCode::from(exit)
}

/// Returns an error with complete commands, and the command that it proposes; empty if it proposes none.
pub fn explained(why: &str, place: &CommandPlace) -> (String, String) {
    let next = outcome::named_in(why).map_or_else(String::new, |next| place.command(next));
    (place.message(why), next)
}

/// Returns an error and the next command as lines.
pub fn lines(message: &str, next: &str) -> String {
    let next = if next.is_empty() { String::new() } else { format!("next: {next}\n") };
    format!("agent-loop: {message}\n{next}")
}

/// Prints a result or an error.
pub fn say(result: Result<String, String>, place: &CommandPlace) -> ExitCode {
    say_with_code(result.map(|text| (text, 0)), place)
}

/// Prints a result with its own exit code, or an error.
pub fn say_with_code(result: Result<(String, u8), String>, place: &CommandPlace) -> ExitCode {
    match result {
        Ok((text, exit)) => {
            print::result(&text);
            ExitCode::from(exit)
        }
        Err(why) => complain(&why, 2, place),
    }
}

/// Returns the hint that is printed once when a run is parked. A job resumes what belongs to a checkout, or everything.
pub fn parking_hint(place: &CommandPlace) -> String {
    let command = place.in_folder("agent-loop resume --print-cron", "agent-loop resume --all --print-cron");
    format!("  to resume automatically: {command} (or --print-systemd)\n")
}

/// Prints the outcome of a run, for people or as JSON, and returns the exit code.
pub fn conclude(outcome: &Outcome, next: &str, json: Option<JsonOutput>, place: &CommandPlace) -> ExitCode {
    let next = &place.command(next);
    let outcome = &Outcome { message: place.message(&outcome.message), ..outcome.clone() };
    if json.is_some() {
        // The message of the outcome is on stdout; stderr only names the logs.
        for line in outcome::logs_of(outcome, place) {
            print::talk(&format!("{line}\n"));
        }
        print::result(&format!("{}\n", outcome::json(outcome, next)));
    } else {
        print::result(&outcome::text(outcome, next, place));
    }
    ExitCode::from(outcome.ending.exit_code())
}
