//! Starts a program with an input, and waits for its end with a time limit.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

/// The time limit, longer than any turn on a busy machine: `OpenCode` waits 78 s between its attempts.
const LIMIT: Duration = Duration::from_mins(4);

pub(super) struct Ended {
    pub(super) exit: Option<i32>,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

#[expect(clippy::disallowed_methods, reason = "tests start the real programs")]
pub(super) fn command(program: &Path) -> Command {
    Command::new(program)
}

/// Runs a command with this input.
pub(super) fn run(command: &mut Command, input: &str) -> Ended {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.process_group(0).spawn().unwrap();
    let group = Pid::from_child(&child);
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    // A program may end without reading its input. Its output decides.
    thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    let (ended, end) = mpsc::channel();
    thread::spawn(move || ended.send(child.wait_with_output()));
    let output = end.recv_timeout(LIMIT).unwrap_or_else(|_| {
        kill_process_group(group, Signal::KILL).unwrap();
        let output = end.recv().unwrap().unwrap();
        panic!("{command:?} did not end: {output:?}");
    });
    let output = output.unwrap();
    Ended {
        exit: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
