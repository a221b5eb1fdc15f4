//! The program on a terminal: colours, the live view, and questions to the person.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Stdio};

use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use super::stage::{Stage, task};

/// The program with its terminal.
struct OnTerminal {
    child: Child,
    terminal: File,
    /// The output of the program.
    seen: String,
}

impl OnTerminal {
    fn start(stage: &Stage, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        let name = ptsname(&terminal, Vec::new()).unwrap();
        let side = || Stdio::from(open(&name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap());
        let child = stage
            .prepared(env!("CARGO_BIN_EXE_agent-loop"))
            .env("TERM", "xterm-256color")
            .envs(variables.iter().copied())
            .args(arguments)
            .stdin(side())
            .stdout(side())
            .stderr(side())
            .spawn()
            .unwrap();
        Self { child, terminal: File::from(terminal), seen: String::new() }
    }

    /// Reads more output; returns whether there was any.
    fn read(&mut self) -> bool {
        let mut bytes = [0; 4096];
        // When the program has ended, reading its terminal is an error.
        let length = self.terminal.read(&mut bytes).unwrap_or(0);
        self.seen.push_str(&String::from_utf8_lossy(&bytes[..length]));
        length > 0
    }

    /// Waits for a text after the previous one, and types a line.
    fn answers(&mut self, text: &str, line: &str) {
        while !self.seen.contains(text) {
            assert!(self.read(), "`{text}` was not printed: {}", self.seen);
        }
        self.seen.clear();
        self.terminal.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// Waits for the end; returns the exit code and the output since the last answer.
    fn end(mut self) -> (Option<i32>, String) {
        while self.read() {}
        (self.child.wait().unwrap().code(), self.seen)
    }
}

#[test]
fn only_terminals_get_colours() {
    let stage = Stage::new();
    assert_eq!(stage.run(&task(&[])).exit, Some(0));
    for words in [&["status"][..], &["doctor"], &["--help"], &["task", "-h"]] {
        let (_, coloured) = OnTerminal::start(&stage, words, &[]).end();
        assert!(coloured.contains("\u{1b}["), "{words:?}: {coloured}");
        let (_, plain) = OnTerminal::start(&stage, words, &[("NO_COLOR", "1")]).end();
        let piped = stage.run_with(words, &[("TERM", "xterm-256color")]).stdout;
        assert!(!plain.contains('\u{1b}') && !piped.contains('\u{1b}'), "{words:?}: {plain}{piped}");
    }
}

#[test]
fn the_live_view_is_removed_again() {
    let stage = Stage::new();
    let mut words = task(&[]);
    words.remove(2);
    let (exit, seen) = OnTerminal::start(&stage, &words, &[("NO_COLOR", "1")]).end();
    assert_eq!(exit, Some(0), "{seen}");
    let (_, after) = seen.rsplit_once("agent-loop logs --follow\r\n").unwrap();
    let lines: Vec<&str> = after.lines().collect();
    assert!(lines.iter().any(|line| line.starts_with("approved #1")), "{lines:#?}");
    assert!(lines.first().is_some_and(|line| line.starts_with("\r\u{1b}[4A\u{1b}[J")), "{lines:#?}");
}

/// An agent that asks two questions, and edits the marked file once it has answers.
const ASKS: &str = r#"#!/bin/sh
grep -q 'a comma' && exec "$(dirname "$0")/todo.sh" < /dev/null
cat > "$AGENT_LOOP_RESPONSE" <<JSON
{"schema_version": 1, "kind": "implementation", "summary": "Unclear.",
 "clarification": {"questions": ["Which separator?", "Which case?"]}}
JSON
"#;

/// Starts a run whose coder asks two questions at the terminal.
fn asking(stage: &Stage) -> OnTerminal {
    stage.agent("asks.sh", ASKS);
    let mut words = task(&["--interactive"]);
    words[4] = "sam=command:../asks.sh";
    words.remove(2);
    OnTerminal::start(stage, &words, &[])
}

#[test]
fn a_blank_answer_is_asked_twice() {
    let stage = Stage::new();
    let mut asked = asking(&stage);
    asked.answers("? (1/2) Which separator?\r\n> ", "");
    asked.answers("Enter alone stops the run.\r\n> ", "");
    let (exit, seen) = asked.end();
    assert_eq!(exit, Some(4), "{seen}");
    assert!(seen.contains("next: agent-loop resume task/") && !seen.contains("> "), "{seen}");

    let subject =
        stage.run(&["status"]).stdout.lines().find_map(|line| Some(line.split_once("  ")?.0.to_owned()));
    let mut asked = OnTerminal::start(&stage, &["resume", &subject.unwrap()], &[]);
    asked.answers("? (1/2) Which separator?\r\n> ", "");
    asked.answers("Enter alone stops the run.\r\n> ", "a comma");
    asked.answers("? (2/2) Which case?\r\n> ", "lower");
    let (exit, seen) = asked.end();
    assert_eq!(exit, Some(0), "{seen}");
}

#[test]
fn a_limit_alone_asks_nothing() {
    let stage = Stage::new();
    stage.agent("asks.sh", ASKS);
    let mut words = task(&["--max-clarification-rounds", "2"]);
    words[4] = "sam=command:../asks.sh";
    words.remove(2);
    let (exit, seen) = OnTerminal::start(&stage, &words, &[]).end();
    assert_eq!(exit, Some(4), "{seen}");
    assert!(seen.contains("Which separator?") && !seen.contains("\n> "), "{seen}");
    assert!(seen.contains("next: agent-loop resume task/") && seen.contains(" --interactive"), "{seen}");
}

#[test]
fn interrupted_questions_are_asked_again() {
    let stage = Stage::new();
    let mut asked = asking(&stage);
    while !asked.seen.contains("(1/2) Which separator?") {
        assert!(asked.read(), "{}", asked.seen);
    }
    rustix::process::kill_process(
        rustix::process::Pid::from_child(&asked.child),
        rustix::process::Signal::INT,
    )
    .unwrap();
    let (exit, seen) = asked.end();
    assert_eq!(exit, Some(130), "{seen}");
    let next = seen.lines().find_map(|line| line.strip_prefix("next: ")).unwrap_or_default();
    assert!(next.starts_with("agent-loop resume task/") && next.ends_with(" --interactive"), "{seen}");
}

/// Cron is told nothing of a run that is not due; a person is.
#[test]
fn due_runs_are_dated_for_people() {
    let stage = Stage::new();
    stage.agent("tired.sh", "#!/bin/sh\ncat > /dev/null\nexit 75\n");
    let mut words = task(&[]);
    words[4] = "sam=command:../tired.sh";
    assert_eq!(stage.run(&words).exit, Some(3));
    assert_eq!(stage.run(&["resume", "--due"]).stdout, "");
    let (exit, seen) = OnTerminal::start(&stage, &["resume", "--due"], &[("NO_COLOR", "1")]).end();
    assert!(exit == Some(0) && seen.contains("can be resumed in"), "{seen}");
}
