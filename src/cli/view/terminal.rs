//! The display of a run: lines or a live view on stderr, events on stdout, questions with answers from stdin.

use std::collections::BTreeMap;
use std::io::{BufRead, IsTerminal};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use crate::adapters::clock::SystemClock;
use crate::adapters::process::time;
use crate::ports::clock::Clock;
use crate::ports::operator::Operator;
use crate::ports::run_event::RunEvent;

use super::activity;
use super::board::Board;
use super::events;
use super::lines::{Line, Narrator, Verbosity};
use super::live::Live;
use super::paint::Paint;
use super::place::CommandPlace;
use super::print;

const FRAME: Duration = Duration::from_millis(120);
/// The interval at which the live view reads the logs of working agents.
const LOOK: Duration = Duration::from_millis(500);

/// The form of the display.
#[derive(Debug)]
pub enum Display {
    Lines(Verbosity),
    Live(Live),
}

/// Whether events are printed as JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Events {
    Off,
    Printed,
}

/// The display of a run.
#[derive(Debug)]
pub struct Terminal {
    display: Display,
    events: Events,
    interval: Duration,
    board: Mutex<Board>,
    narrator: Mutex<Narrator>,
}

impl Terminal {
    /// Creates a display, which reports the working agents at this interval.
    pub fn new(display: Display, paint: Paint, events: Events, interval: Duration) -> Self {
        let (board, narrator) = (Mutex::new(Board::default()), Mutex::new(Narrator::new(paint)));
        Self { display, events, interval, board, narrator }
    }

    /// Names the repository in the commands that are shown.
    #[must_use]
    pub fn at(self, place: &CommandPlace) -> Self {
        self.board().place = place.clone();
        self.narrator().place = place.clone();
        self
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn narrator(&self) -> MutexGuard<'_, Narrator> {
        self.narrator.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn say(&self, lines: &[Line]) {
        for Line { weight, text } in lines {
            match &self.display {
                Display::Lines(Verbosity::Quiet) if *weight == Verbosity::Normal => {}
                Display::Lines(_) => print::talk(&format!("{text}\n")),
                Display::Live(live) => live.say(text),
            }
        }
    }

    /// Reports the working agents as long as it is polled; never returns.
    pub async fn beat(&self) {
        let (mut since, mut looked) = (SystemClock.now(), SystemClock.now());
        loop {
            let frame = match self.display {
                Display::Live(_) => FRAME.min(self.interval),
                Display::Lines(_) => self.interval,
            };
            time::wait(frame).await;
            let now = SystemClock.now();
            if let Display::Live(live) = &self.display {
                if now.duration_since(looked).unsigned_abs() >= LOOK {
                    looked = now;
                    activity::refresh(&mut self.board());
                }
                live.draw(&self.board(), now);
            }
            if now.duration_since(since).unsigned_abs() >= self.interval {
                since = now;
                self.heartbeat();
            }
        }
    }

    fn heartbeat(&self) {
        let now = SystemClock.now();
        activity::refresh(&mut self.board());
        if self.events == Events::Printed {
            print::result(&format!("{}\n", events::heartbeat(&self.board(), now)));
        }
        if let Display::Lines(Verbosity::Normal) = self.display {
            let waiting = self.narrator().flush();
            self.say(&waiting);
            for line in self.board().heartbeats(now) {
                print::talk(&format!("  {line}\n"));
            }
        }
    }

    /// Returns the logs of failed last turns, by agent.
    pub fn failed(&self) -> BTreeMap<String, String> {
        self.board().failed.clone()
    }

    /// Asks a person for a line; `None` at the end of the input.
    async fn line(&self, prompt: &str) -> Option<String> {
        if let Display::Live(live) = &self.display {
            live.erase();
        }
        print::talk(prompt);
        // In its own thread, so that Ctrl-C has an effect meanwhile.
        let line = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            std::io::stdin().lock().read_line(&mut line).map(|bytes| (bytes, line))
        });
        let (_, line) = line.await.ok()?.ok().filter(|(bytes, _)| *bytes > 0)?;
        Some(line.trim().to_owned())
    }

    /// Prints the remaining lines and removes the live view.
    pub fn end(&self) {
        let waiting = self.narrator().flush();
        self.say(&waiting);
        if let Display::Live(live) = &self.display {
            live.erase();
        }
    }
}

#[async_trait]
impl Operator for Terminal {
    fn tell(&self, event: &RunEvent) {
        let now = SystemClock.now();
        self.board().take(event, now);
        if self.events == Events::Printed {
            print::result(&format!("{}\n", events::event(event, now)));
        }
        let lines = self.narrator().take(event, now);
        self.say(&lines);
        if let Display::Live(live) = &self.display {
            live.draw(&self.board(), now);
        }
    }

    async fn ask(&self, questions: &[String]) -> Result<Vec<String>, &'static str> {
        const UNANSWERED: &str = "the answer was empty";
        if !std::io::stdin().is_terminal() {
            return Err("they are asked at a terminal, and stdin is not one");
        }
        let mut answers = Vec::new();
        for (question, number) in questions.iter().zip(1..) {
            let asked = format!("? ({number}/{}) {question}\n> ", questions.len());
            let answer = match self.line(&asked).await.ok_or(UNANSWERED)? {
                answer if answer.is_empty() => {
                    let again = self.line("Type an answer; Enter alone stops the run.\n> ").await;
                    again.unwrap_or_default()
                }
                answer => answer,
            };
            answers.push(Some(answer).filter(|answer| !answer.is_empty()).ok_or(UNANSWERED)?);
        }
        Ok(answers)
    }
}
