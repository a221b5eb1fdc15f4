//! A log that is being printed, line by line, formatted or raw.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::mem;

use crate::adapters::agents::activity::{AgentAction, activities};
use crate::adapters::files;
use crate::adapters::process::output::tail::plain;
use crate::cli::repository::logbook::{Log, LogSource};

/// The maximum length of a line, in bytes: a log may contain a gigabyte without a line feed.
const LONGEST_LINE: usize = 64 << 10;

/// The format of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LogForm {
    Raw,
    /// Each event of an agent as text.
    Rendered,
}

/// Returns the line above the output of a log.
pub(super) fn heading(log: &Log, form: LogForm) -> String {
    match form {
        LogForm::Raw => format!("==> {}", log.file.path.display()),
        LogForm::Rendered => {
            let round = log.source.round();
            let round = if round.is_empty() { round } else { format!(", round {round}") };
            let ended = if log.ended.is_empty() { String::new() } else { format!(", {}", log.ended) };
            format!("==> {}{round}{ended}", log.source.who())
        }
    }
}

/// A log, and the place up to which it was printed.
pub(super) struct OpenLog {
    reader: BufReader<File>,
    form: LogForm,
    /// The beginning of a line whose end is not written yet.
    begun: Vec<u8>,
}

impl OpenLog {
    /// Opens a log. Output of tests has no events, so it is always printed unchanged.
    pub(super) fn of(log: &Log, form: LogForm) -> Result<Self, String> {
        let path = &log.file.path;
        let form = match &log.source {
            LogSource::Turn { .. } => form,
            LogSource::Gate { .. } | LogSource::Other => LogForm::Raw,
        };
        let file = files::open_foreign(path)
            .map_err(|error| format!("could not read {}: {error}", path.display()))?;
        Ok(Self { reader: BufReader::new(file), form, begun: Vec::new() })
    }

    /// Returns the text of the next complete line, which may be empty.
    pub(super) fn next_line(&mut self) -> Option<String> {
        let room = LONGEST_LINE.saturating_sub(self.begun.len());
        let read = self
            .reader
            .by_ref()
            .take(u64::try_from(room).unwrap_or(u64::MAX))
            .read_until(b'\n', &mut self.begun);
        let is_complete = self.begun.ends_with(b"\n") || self.begun.len() >= LONGEST_LINE;
        (read.is_ok() && is_complete).then(|| self.line())
    }

    /// Returns the text of the last line, if it has no line feed.
    pub(super) fn last_line(&mut self) -> Option<String> {
        (!self.begun.is_empty()).then(|| self.line())
    }

    fn line(&mut self) -> String {
        printed(&String::from_utf8_lossy(&mem::take(&mut self.begun)), self.form)
    }
}

/// Formats a line without control sequences. The command line and the size of the prompt are only in the raw form.
fn printed(line: &str, form: LogForm) -> String {
    match form {
        LogForm::Raw => format!("{}\n", plain(line)),
        LogForm::Rendered if line.starts_with("$ ") || line.starts_with("# prompt: ") => String::new(),
        LogForm::Rendered => activities(line).iter().map(rendered).collect(),
    }
}

fn rendered(activity: &AgentAction) -> String {
    match activity {
        AgentAction::Said(text) => format!("{text}\n"),
        AgentAction::Did(text) => format!("• {text}\n"),
        AgentAction::Failed(text) => format!("! {text}\n"),
    }
}
