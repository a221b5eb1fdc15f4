//! The only place that prints: results to stdout, talk to stderr. A closed pipe is no error.

use std::io::{self, IsTerminal, Write};

use crate::text::sanitize::{coloured, escaped};

/// Prints a result. On a terminal it may have colours.
pub fn result(text: &str) {
    let shown = if results_are_seen() { coloured(text) } else { escaped(text) };
    data(shown.as_bytes());
}

/// Prints a result that has colours.
pub fn coloured_result(text: &str) {
    data(coloured(text).as_bytes());
}

/// Writes bytes as they are: only for a program that reads stdout.
pub fn data(bytes: &[u8]) {
    let mut stdout = io::stdout().lock();
    let _: io::Result<()> = stdout.write_all(bytes).and_then(|()| stdout.flush());
}

/// Says something.
pub fn talk(text: &str) {
    redraw("", text);
}

/// Removes what was drawn, with control sequences of ours, and says something.
pub fn redraw(erasing: &str, text: &str) {
    let shown = format!("{erasing}{}", coloured(text));
    let mut stderr = io::stderr().lock();
    let _: io::Result<()> = stderr.write_all(shown.as_bytes()).and_then(|()| stderr.flush());
}

/// How wide a line of a result may be: as wide as the terminal, without a limit elsewhere.
pub fn result_width() -> usize {
    let terminal = console::Term::stdout();
    if terminal.is_term() { usize::from(terminal.size().1) } else { usize::MAX }
}

/// Where diagnostics go.
pub fn diagnostics() -> impl Write {
    io::stderr()
}

/// Whether stderr is a terminal.
pub fn talk_is_seen() -> bool {
    io::stderr().is_terminal()
}

/// Whether stdout is a terminal.
pub fn results_are_seen() -> bool {
    io::stdout().is_terminal()
}
