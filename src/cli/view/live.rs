//! The live view on a terminal: a board at the bottom that is redrawn, and lines above it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use console::{Term, measure_text_width, truncate_str};
use jiff::Timestamp;

use super::board::Board;
use super::paint::Paint;
use super::print;

const SPINNER: [char; 8] = ['⣾', '⣽', '⣻', '⢿', '⡿', '⣟', '⣯', '⣷'];

/// A board at the bottom of a terminal.
#[derive(Debug)]
pub struct Live {
    paint: Paint,
    /// The number of the board's lines on the terminal; the cursor is below them.
    drawn: Mutex<Vec<String>>,
}

/// The size of a terminal, in characters.
#[derive(Debug, Clone, Copy)]
struct TerminalSize {
    rows: usize,
    columns: usize,
}

impl Live {
    /// Returns a live view without a board.
    pub fn new(paint: Paint) -> Self {
        Self { paint, drawn: Mutex::new(Vec::new()) }
    }

    /// Prints a line above the board.
    pub fn say(&self, line: &str) {
        let (drawn, size) = (self.drawn(), TerminalSize::of_terminal());
        print::redraw(&erasing(&drawn, size), &format!("{line}\n{}", self.styled(&drawn)));
    }

    /// Draws the current board.
    pub fn draw(&self, board: &Board, now: Timestamp) {
        let (mut drawn, size) = (self.drawn(), TerminalSize::of_terminal());
        let lines = if board.workers.is_empty() && board.waiting.is_none() {
            Vec::new()
        } else {
            fitting(&board.text(now, spinner(now)), size)
        };
        if *drawn != lines {
            print::redraw(&erasing(&drawn, size), &self.styled(&lines));
            *drawn = lines;
        }
    }

    /// Removes the board. The next `draw` shows it again.
    pub fn erase(&self) {
        let lines = std::mem::take(&mut *self.drawn());
        print::redraw(&erasing(&lines, TerminalSize::of_terminal()), "");
    }

    fn drawn(&self) -> MutexGuard<'_, Vec<String>> {
        self.drawn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the lines with a bold heading, which follows the empty line.
    fn styled(&self, lines: &[String]) -> String {
        let line = |(index, line): (usize, &String)| match index {
            1 => format!("{}\n", self.paint.strong(line)),
            _ => format!("{line}\n"),
        };
        lines.iter().enumerate().map(line).collect()
    }
}

impl TerminalSize {
    fn of_terminal() -> Self {
        let (rows, columns) = Term::stderr().size();
        Self { rows: usize::from(rows), columns: usize::from(columns).max(1) }
    }
}

fn spinner(now: Timestamp) -> char {
    let frame = usize::try_from(now.as_millisecond().max(0) / 120).unwrap_or_default();
    SPINNER.get(frame % SPINNER.len()).copied().unwrap_or('*')
}

/// Returns an empty line and the lines of a board that fit on the terminal, cut to its width.
fn fitting(board: &[String], size: TerminalSize) -> Vec<String> {
    let cut = |line: &String| truncate_str(line, size.columns.saturating_sub(1), "…").into_owned();
    let lines = std::iter::once(String::new()).chain(board.iter().map(cut));
    lines.take(size.rows.saturating_sub(1)).collect()
}

/// Returns the control sequences that move the cursor to the first of these lines and clear the rest of the screen. A
/// terminal that became narrower has wrapped them.
fn erasing(lines: &[String], size: TerminalSize) -> String {
    let rows: usize = lines.iter().map(|line| measure_text_width(line).div_ceil(size.columns).max(1)).sum();
    if rows == 0 { String::new() } else { format!("\r\u{1b}[{rows}A\u{1b}[J") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_board_fits_its_terminal() {
        let board =
            ["pr/7 · round 1", "  * coder sam  0:01  日本語のテキスト", "    output: …"].map(str::to_owned);
        let size = TerminalSize { rows: 4, columns: 30 };
        assert_eq!(fitting(&board, size), ["", "pr/7 · round 1", "  * coder sam  0:01  日本語…"]);
    }

    #[test]
    fn wrapped_lines_are_erased_too() {
        let lines = [String::new(), "a".repeat(61), "日本".repeat(5)];
        for (columns, rows) in [(80, 3), (61, 3), (60, 4), (20, 6), (10, 10)] {
            let size = TerminalSize { rows: 24, columns };
            assert_eq!(erasing(&lines, size), format!("\r\u{1b}[{rows}A\u{1b}[J"));
        }
    }
}
