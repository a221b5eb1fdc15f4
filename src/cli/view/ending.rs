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

/// Reports an error before a run. With `--json` every exit has an outcome.
pub fn complain(why: &str, exit: u8) -> ExitCode {
    if asked_for_json() {
        let (status, reason) =
            if exit == 2 { ("refused", Refused::Usage.name()) } else { ("failed", Failed::Error.name()) };
        let object = serde_json::json!({
            "schema": "agent-loop/outcome/1", "status": status, "reason": reason, "exit": exit, "message": why,
        });
        print::result(&format!("{object}\n"));
    } else {
        print::talk(&escaped(&format!("agent-loop: {why}\n")));
    }
    ExitCode::from(exit)
}

/// Prints a result or an error.
pub fn say(result: Result<String, String>) -> ExitCode {
    say_with_code(result.map(|text| (text, 0)))
}

/// Prints a result with its own exit code, or an error.
pub fn say_with_code(result: Result<(String, u8), String>) -> ExitCode {
    match result {
        Ok((text, exit)) => {
            print::result(&text);
            ExitCode::from(exit)
        }
        Err(why) => complain(&why, 2),
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
