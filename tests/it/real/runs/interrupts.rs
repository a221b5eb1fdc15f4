//! Tests of Ctrl-C while a tool of a real program runs: no process may survive.

use std::os::unix::process::CommandExt;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::super::program::Program;
use super::answers::{implemented, runs};
use super::stage::Stage;

/// Waits for a condition with a time limit, and returns whether it was met.
fn until(mut happened: impl FnMut() -> bool) -> bool {
    (0..3000).any(|_| {
        let seen = happened();
        if !seen {
            thread::sleep(Duration::from_millis(20));
        }
        seen
    })
}

fn is_interrupted(program: Program) {
    let stage = Stage::new(&[program]);
    // The folder is below the working folder of the turn: all sandboxes allow it.
    stage.plays(program, runs("touch began; setsid tail -f /dev/null & tail -f /dev/null", implemented()));
    let words = ["task", "Count the herons", "--coder", program.name(), "--reviewer", program.name()];
    let mut command = stage.command(&words);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .unwrap();
    let tails = || stage.alive().iter().filter(|line| line.starts_with("tail -f /dev/null")).count();
    let began = until(|| tails() == 2);
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let exit = child.wait().unwrap();
    let left = stage.alive();
    assert!(began, "no tool was started: {:?}", stage.seen(program));
    assert_eq!(exit.code(), Some(130));
    assert!(left.is_empty(), "{left:?}");
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn no_process_of_claude_survives() {
    is_interrupted(Program::Claude);
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn no_process_of_codex_survives() {
    is_interrupted(Program::Codex);
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn no_process_of_opencode_survives() {
    is_interrupted(Program::OpenCode);
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn no_process_of_gemini_survives() {
    is_interrupted(Program::Gemini);
}
