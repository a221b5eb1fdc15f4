//! Colour, where a person wants it: on a terminal, without `NO_COLOR`, not on a dumb one.

use anstyle::{AnsiColor, Style};

use crate::adapters::process::variables::Variables;

use super::print;

/// Whether there is colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    Plain,
    Colour,
}

impl Paint {
    /// What the environment asks for.
    pub fn wanted(variables: &Variables, terminal: Stderr) -> Self {
        let is_set =
            |name: &str| variables.get(std::ffi::OsStr::new(name)).is_some_and(|value| !value.is_empty());
        match terminal {
            Stderr::Plain => Self::Plain,
            Stderr::Terminal if is_set("NO_COLOR") => Self::Plain,
            Stderr::Terminal => Self::Colour,
        }
    }

    /// A mark in its colour.
    pub fn mark(self, mark: Mark) -> String {
        let (sign, colour) = match mark {
            Mark::Good => ("✓", AnsiColor::Green),
            Mark::Bad => ("✗", AnsiColor::Red),
            Mark::Warning => ("!", AnsiColor::Yellow),
        };
        self.styled(sign, Style::new().bold().fg_color(Some(colour.into())))
    }

    /// A text that is the most important of its neighbours.
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

/// The kind of stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stderr {
    /// In a file, a pipe, a log, or a terminal that can't move its cursor.
    Plain,
    Terminal,
}

impl Stderr {
    /// Whether stderr is a terminal that can move its cursor.
    pub fn look(variables: &Variables) -> Self {
        let can_move = variables.get(std::ffi::OsStr::new("TERM")).is_some_and(|term| term != "dumb");
        if can_move && print::talks_to_a_terminal() { Self::Terminal } else { Self::Plain }
    }
}
