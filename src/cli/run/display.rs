//! The display of a run, chosen from the settings and from where the output goes.

use std::time::Duration;

use crate::cli::arguments::common::JsonOutput;
use crate::cli::config::settings::Settings;
use crate::cli::diagnostics;
use crate::cli::surroundings::Surroundings;
use crate::cli::view::lines::Verbosity;
use crate::cli::view::live::Live;
use crate::cli::view::paint::{Paint, Screen};
use crate::cli::view::print;
use crate::cli::view::terminal::{Display, Events, Terminal};

/// Returns the display of the run: live on a terminal, lines elsewhere.
pub fn terminal(settings: &Settings, json: Option<JsonOutput>, surroundings: &Surroundings) -> Terminal {
    let diagnosed = surroundings.variables.contains_key(std::ffi::OsStr::new(diagnostics::VARIABLE));
    // Lines of diagnostics would interrupt a live view.
    let seen =
        if diagnosed { Screen::Plain } else { Screen::look(&surroundings.variables, print::talk_is_seen) };
    let paint = Paint::wanted(&surroundings.variables, seen);
    let events = match json {
        Some(JsonOutput::Events) => Events::Printed,
        Some(JsonOutput::Outcome) | None => Events::Off,
    };
    let display = match (settings.output.quiet, seen, events) {
        (true, _, _) => Display::Lines(Verbosity::Quiet),
        (false, Screen::Terminal, Events::Off) => Display::Live(Live::new(paint)),
        (false, Screen::Plain, _) | (false, Screen::Terminal, Events::Printed) => {
            Display::Lines(Verbosity::Normal)
        }
    };
    let interval = Duration::from_secs(settings.output.progress_interval_seconds.get());
    Terminal::new(display, paint, events, interval).at(&surroundings.place)
}
