//! The person at the terminal: lines on stderr, questions with answers from stdin.

use std::io::{BufRead, IsTerminal};

use crate::ports::happening::Happening;
use crate::ports::operator::Operator;

use super::lines::{self, Talk};
use super::print;

/// The person at the terminal.
#[derive(Debug, Clone, Copy)]
pub struct Terminal {
    talk: Talk,
}

impl Terminal {
    /// Says this much.
    pub fn new(talk: Talk) -> Self {
        Self { talk }
    }
}

impl Operator for Terminal {
    fn tell(&self, happening: &Happening) {
        if let Some(line) = lines::line(happening, self.talk) {
            print::talk(&format!("{line}\n"));
        }
    }

    async fn ask(&self, questions: &[String]) -> Option<Vec<String>> {
        if !std::io::stdin().is_terminal() {
            return None;
        }
        let mut answers = Vec::new();
        for question in questions {
            print::talk(&format!("? {question}\n> "));
            let mut line = String::new();
            let read = std::io::stdin().lock().read_line(&mut line);
            // Nothing at all is the end of the input: nobody is there any more.
            read.ok().filter(|bytes| *bytes > 0)?;
            answers.push(line.trim().to_owned());
        }
        Some(answers)
    }
}
