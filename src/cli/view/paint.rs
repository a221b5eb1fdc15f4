//! Colours, on a terminal only, and not with `NO_COLOR` or `TERM=dumb`.

use anstyle::{AnsiColor, Style};

use crate::adapters::process::variables::Variables;

use super::print;

/// Whether text is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    Plain,
    Colour,
}

impl Paint {
    /// Returns the paint for the current environment.
    pub fn wanted(variables: &Variables, screen: Screen) -> Self {
        let is_set =
            |name: &str| variables.get(std::ffi::OsStr::new(name)).is_some_and(|value| !value.is_empty());
        match screen {
            Screen::Plain => Self::Plain,
            Screen::Terminal if is_set("NO_COLOR") => Self::Plain,
            Screen::Terminal => Self::Colour,
        }
    }

    /// Returns the paint of results, which go to stdout.
    pub fn of_results(variables: &Variables) -> Self {
        Self::wanted(variables, Screen::look(variables, print::results_are_seen))
    }

    /// Returns a mark in its colour.
    pub fn mark(self, mark: Mark) -> String {
        let sign = match mark {
            Mark::Good => "✓",
            Mark::Bad => "✗",
            Mark::Warning => "!",
        };
        self.marked(sign, mark)
    }

    /// Returns a text in the colour of a mark.
    pub fn marked(self, text: &str, mark: Mark) -> String {
        let colour = match mark {
            Mark::Good => AnsiColor::Green,
            Mark::Bad => AnsiColor::Red,
            Mark::Warning => AnsiColor::Yellow,
        };
        self.styled(text, Style::new().bold().fg_color(Some(colour.into())))
    }

    /// Returns a command to type.
    pub fn command(self, text: &str) -> String {
        self.styled(text, Style::new().fg_color(Some(AnsiColor::Cyan.into())))
    }

    /// Returns a text in bold.
    pub fn strong(self, text: &str) -> String {
        self.styled(text, Style::new().bold())
    }

    fn styled(self, text: &str, style: Style) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Colour => format!("{style}{text}{style:#}"),
        }
    }
}

/// The mark of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    Good,
    Bad,
    Warning,
}

/// The destination of stdout or stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    /// To a file, a pipe, a log, or a terminal that cannot move its cursor.
    Plain,
    Terminal,
}

impl Screen {
    /// Returns the kind of a stream, from a check whether it is a terminal.
    pub fn look(variables: &Variables, is_terminal: fn() -> bool) -> Self {
        let can_move = variables.get(std::ffi::OsStr::new("TERM")).is_some_and(|term| term != "dumb");
        if can_move && is_terminal() { Self::Terminal } else { Self::Plain }
    }
}
