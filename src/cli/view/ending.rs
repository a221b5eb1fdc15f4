//! The end of a command: its output and exit code.

use std::process::ExitCode;

use crate::domain::ending::{Failed, Refused};
use crate::engine::outcome::Outcome;
use crate::text::sanitize::escaped;

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

/// The hint that is printed once when a run is parked.
pub const PARKING_HINT: &str =
    "  to resume automatically: agent-loop resume --print-cron (or --print-systemd)\n";

/// Prints the outcome of a run, for people or for scripts, and returns the exit code.
pub fn conclude(outcome: &Outcome, next: &str, as_json: bool) -> ExitCode {
    if as_json {
        // The message of the outcome is on stdout; stderr only names the logs.
        for line in outcome::logs_of(outcome) {
            print::talk(&format!("{line}\n"));
        }
        print::result(&format!("{}\n", outcome::json(outcome, next)));
    } else {
        print::result(&outcome::text(outcome, next));
    }
    ExitCode::from(outcome.ending.exit_code())
}
