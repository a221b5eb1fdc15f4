//! Runs a short program of ours (git) to its end and captures what it prints. For agents see `supervise`.

use std::io;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

use super::command::CommandLine;
use super::exit::Exit;
use super::supervision::tree::OwnChild;
use super::time::{self, Stopwatch};

/// A program of ours that is not done by then hangs: on a pipe that an agent left in its clone, or a dead disk.
const DEADLINE: Duration = Duration::from_mins(15);

/// A program that ran to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Captured {
    /// How it ended.
    pub exit: Exit,
    /// What it printed.
    pub stdout: Vec<u8>,
    /// What it complained about.
    pub stderr: String,
}

/// Why a program did not run to its end, or what it printed is not known.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// It was not started: it is not there, may not be run, or its folder is gone.
    #[error("could not start {ran}: {cause}")]
    NotStarted {
        /// What was to run.
        ran: Ran,
        /// What the system says.
        cause: io::Error,
    },
    /// It took longer than any such program may.
    #[error("{ran} took longer than 15 minutes and was ended")]
    TooLong {
        /// What ran.
        ran: Ran,
    },
    /// A pipe to it broke, or nobody knows how it ended.
    #[error("could not hear {ran} to its end: {cause}")]
    Pipe {
        /// What ran.
        ran: Ran,
        /// What the system says.
        cause: io::Error,
    },
}

/// A command line and its folder, as they are shown to people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{line}` in {folder}")]
pub struct Ran {
    line: String,
    folder: String,
}

impl Ran {
    fn of(command: &CommandLine) -> Self {
        Self { line: command.shown(), folder: command.folder().display().to_string() }
    }
}

impl CaptureError {
    /// The error in words, with a hint of what may be missing if the program did not even start.
    pub fn hinting(&self, hint: &str) -> String {
        match self {
            Self::NotStarted { .. } => format!("{self}; {hint}"),
            Self::TooLong { .. } | Self::Pipe { .. } => self.to_string(),
        }
    }
}

/// Runs a program to its end. Dropping the future kills it.
///
/// # Errors
/// When it can't be started, takes too long, or its pipes break; an exit code other than 0 is no error here.
pub async fn capture(command: &CommandLine) -> Result<Captured, CaptureError> {
    let watch = Stopwatch::start();
    let too_long = || Err(CaptureError::TooLong { ran: Ran::of(command) });
    let result = time::at_most(DEADLINE, run(command)).await.unwrap_or_else(too_long);
    tracing::debug!(
        line = %command.shown(),
        folder = %command.folder().display(),
        milliseconds = watch.milliseconds(),
        exit = ?result.as_ref().map(|captured| captured.exit).ok(),
        "ran"
    );
    result
}

async fn run(line: &CommandLine) -> Result<Captured, CaptureError> {
    let broken = |cause| CaptureError::Pipe { ran: Ran::of(line), cause };
    #[expect(clippy::disallowed_methods, reason = "adapters/process is the owner of this door")]
    let mut command = Command::new(line.found());
    let mut child = command
        .args(&line.arguments)
        .current_dir(&line.folder)
        .env_clear()
        .envs(&line.environment)
        .stdin(if line.input.is_empty() { Stdio::null() } else { Stdio::piped() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|cause| CaptureError::NotStarted { ran: Ran::of(line), cause })?;
    let _own = child.id().map(OwnChild::remember);
    let (input, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let write = async {
        if let Some(mut pipe) = input {
            // A child may end without reading all of it; its exit code tells the story.
            let _: io::Result<()> = pipe.write_all(&line.input).await;
        }
    };
    let mut stdout = Vec::new();
    let read_output = async {
        if let Some(mut pipe) = output {
            pipe.read_to_end(&mut stdout).await?;
        }
        io::Result::Ok(())
    };
    let mut stderr = Vec::new();
    let read_errors = async {
        if let Some(mut pipe) = errors {
            pipe.read_to_end(&mut stderr).await?;
        }
        io::Result::Ok(())
    };
    let ((), output, errors) = tokio::join!(write, read_output, read_errors);
    output.and(errors).map_err(broken)?;
    let exit = Exit::from(child.wait().await.map_err(broken)?);
    Ok(Captured { exit, stdout, stderr: String::from_utf8_lossy(&stderr).into_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program of which nothing is known but its words.
    async fn sh(script: &str) -> Result<Captured, CaptureError> {
        capture(
            &CommandLine::new("/bin/sh", "/", std::collections::BTreeMap::new()).arguments(["-c", script]),
        )
        .await
    }

    #[tokio::test]
    async fn only_a_program_that_did_not_start_may_be_missing() {
        let line = CommandLine::new("/nowhere/git", "/", std::collections::BTreeMap::new());
        let missing = capture(&line).await.unwrap_err();
        assert!(missing.to_string().starts_with("could not start `/nowhere/git` in /: "), "{missing}");
        assert!(missing.hinting("is git installed?").ends_with("; is git installed?"), "{missing}");
        let ran = Ran::of(&line);
        let broken = CaptureError::Pipe { ran: ran.clone(), cause: io::Error::other("broken") };
        for ended in [CaptureError::TooLong { ran }, broken] {
            assert_eq!(ended.hinting("is git installed?"), ended.to_string());
        }
    }
}
