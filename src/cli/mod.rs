//! The command line: arguments, settings, commands, wiring, output. The only floor that prints.

pub mod arguments;
pub mod commands;
pub mod config;
pub mod diagnostics;
pub mod nearest;
pub mod repository;
pub mod run;
pub mod surroundings;
pub mod usage;
pub mod view;

use std::process::ExitCode;
use std::time::Duration;

use crate::adapters::process::output::tail;

use arguments::task;
use surroundings::Surroundings;
use view::ending::{self, complain, report};
use view::paint::Paint;
use view::print;

/// The time after which an idle thread ends: a waiting run needs no thread besides its first.
const IDLE_THREAD: Duration = Duration::from_secs(1);
/// The number of events that are taken from the system at once. A run has only a few pipes.
const EVENTS: usize = 64;

/// Runs the program.
pub fn main() -> ExitCode {
    print::completed(run())
}

fn run() -> ExitCode {
    let (arguments, place) = match task::read(std::env::args_os()) {
        Ok(read) => read,
        Err(error) => return misread(&error),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .thread_keep_alive(IDLE_THREAD)
        .max_io_events_per_tick(EVENTS)
        .build();
    let (runtime, surroundings) = match (runtime, Surroundings::read()) {
        (Ok(runtime), Ok(surroundings)) => (runtime, Surroundings { place, ..surroundings }),
        (Err(error), _) => return report(&error.to_string(), "", 1),
        (_, Err(why)) => return report(&why, "", 2),
    };
    if let Err(why) = diagnostics::begin(&surroundings.variables) {
        return complain(&why, 2, &surroundings.place);
    }
    let exit = runtime.block_on(Box::pin(commands::perform(arguments.command, &surroundings)));
    // After Ctrl-C, only a question at the terminal may still be waiting for a line.
    runtime.shutdown_background();
    exit
}

/// Reports an invalid command line, or prints help. Scripts that requested JSON always get an outcome.
fn misread(error: &clap::Error) -> ExitCode {
    if error.use_stderr() && ending::asked_for_json() {
        let why = error.to_string();
        // Names of commands in it are not commands to type.
        return report(why.trim().trim_start_matches("error: "), "", 2);
    }
    let text = error.render();
    if error.use_stderr() {
        // The message repeats what was typed.
        print::talk(&format!("{}\n", tail::plain(&text.to_string())));
        return ExitCode::from(2);
    }
    let paint = Surroundings::read().map(|read| Paint::of_results(&read.variables));
    let text = match paint {
        Ok(Paint::Colour) => text.ansi().to_string(),
        Ok(Paint::Plain) | Err(_) => text.to_string(),
    };
    print::result(&format!("{}\n", text.trim_end()));
    ExitCode::SUCCESS
}
