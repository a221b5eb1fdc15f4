//! The only place that prints: results to stdout, messages to stderr. A closed pipe is not an error.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::OnceLock;

use crate::text::sanitize::{coloured, escaped};

/// Prints a result. Its colours are removed unless stdout is a terminal.
pub fn result(text: &str) {
    let shown = if results_are_seen() { coloured(text) } else { escaped(text) };
    data(shown.as_bytes());
}

/// Prints a result that contains colours.
pub fn coloured_result(text: &str) {
    data(coloured(text).as_bytes());
}

/// Writes bytes unchanged: only if a program reads stdout.
pub fn data(bytes: &[u8]) {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(cause) if cause.kind() != ErrorKind::BrokenPipe => LOST.get_or_init(|| cause),
        Ok(()) | Err(_) => return,
    };
}

/// The first error of a write to stdout: part of a result is missing.
static LOST: OnceLock<io::Error> = OnceLock::new();

/// Returns the exit code of the program. A result that could not be written is no success.
pub fn completed(exit: ExitCode) -> ExitCode {
    let Some(cause) = LOST.get() else { return exit };
    talk(&format!("agent-loop: could not write the result to stdout: {cause}\n"));
    if exit == ExitCode::SUCCESS { ExitCode::FAILURE } else { exit }
}

/// Prints a message.
pub fn talk(text: &str) {
    redraw("", text);
}

/// Prints a message after our own control sequences, which remove the live view.
pub fn redraw(erasing: &str, text: &str) {
    let shown = format!("{erasing}{}", coloured(text));
    let mut stderr = io::stderr().lock();
    let _: io::Result<()> = stderr.write_all(shown.as_bytes()).and_then(|()| stderr.flush());
}

/// Returns the maximum width of a line: that of the terminal; unlimited elsewhere.
pub fn result_width() -> usize {
    let terminal = console::Term::stdout();
    if terminal.is_term() { usize::from(terminal.size().1) } else { usize::MAX }
}

/// Returns the writer of diagnostics.
pub fn diagnostics() -> impl Write {
    io::stderr()
}

/// Returns whether stderr is a terminal.
pub fn talk_is_seen() -> bool {
    io::stderr().is_terminal()
}

/// Returns whether stdout is a terminal.
pub fn results_are_seen() -> bool {
    io::stdout().is_terminal()
}
