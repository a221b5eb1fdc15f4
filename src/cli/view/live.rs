//! The live view on a terminal: a board at the bottom that is redrawn, lines above it. The interface to `indicatif`.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;

use crate::text::sanitize::one_line;

use super::board::Board;
use super::paint::Paint;

const SPINNER: [char; 8] = ['⣾', '⣽', '⣻', '⢿', '⡿', '⣟', '⣯', '⣷'];

/// A board at the bottom of a terminal.
#[derive(Debug)]
pub struct Live {
    bar: ProgressBar,
    paint: Paint,
}

impl Live {
    /// An empty board.
    pub fn new(paint: Paint) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
        bar.set_style(
            ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_spinner()),
        );
        Self { bar, paint }
    }

    /// Says a line above the board.
    pub fn say(&self, line: &str) {
        self.bar.suspend(|| crate::cli::view::print::talk(&format!("{line}\n")));
    }

    /// Draws the board as it is now.
    pub fn draw(&self, board: &Board, now: Timestamp) {
        if board.workers.is_empty() && board.waiting.is_none() {
            self.bar.set_message(String::new());
            self.bar.tick();
            return;
        }
        let width = usize::from(console::Term::stderr().size().1).saturating_sub(1);
        let frame = usize::try_from(now.as_millisecond().max(0) / 120).unwrap_or_default();
        let spinner = SPINNER.get(frame % SPINNER.len()).copied().unwrap_or('*');
        let mut lines = board.text(now, spinner).into_iter().map(|line| cut(&line, width));
        let heading = lines.next().unwrap_or_default();
        let rest: Vec<String> = lines.collect();
        // The empty line parts the board from what was said. The terminal's own `^C` moves the board by a line; then it is
        // this one that stays.
        self.bar.set_message(format!("\n{}\n{}", self.paint.strong(&heading), rest.join("\n")));
        self.bar.tick();
    }

    /// Does something while the board is away: a question, the outcome.
    pub fn away<T>(&self, deed: impl FnOnce() -> T) -> T {
        self.bar.suspend(deed)
    }

    /// Takes the board away for good.
    pub fn end(&self) {
        self.bar.set_message(String::new());
        self.bar.tick();
        self.bar.finish_and_clear();
    }
}

/// A line that fits; its indent stays.
fn cut(line: &str, width: usize) -> String {
    let text = line.trim_start();
    let indent = line.len() - text.len();
    format!("{}{}", " ".repeat(indent), one_line(text, width.saturating_sub(indent)))
}
