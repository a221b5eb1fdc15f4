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

/// A program could not be started, or its pipes broke.
#[derive(Debug, thiserror::Error)]
#[error("could not run `{line}` in {folder}: {cause}")]
pub struct CaptureError {
    line: String,
    folder: String,
    cause: io::Error,
}

/// Runs a program to its end. Dropping the future kills it.
///
/// # Errors
/// When it can't be started or its pipes break; an exit code other than 0 is no error here.
pub async fn capture(command: &CommandLine) -> Result<Captured, CaptureError> {
    let watch = Stopwatch::start();
    let too_long = || io::Error::other("it took longer than 15 minutes and was ended");
    let result = time::at_most(DEADLINE, run(command)).await.unwrap_or_else(|| Err(too_long()));
    tracing::debug!(
        line = %command.shown(),
        folder = %command.folder().display(),
        milliseconds = watch.milliseconds(),
        exit = ?result.as_ref().map(|captured| captured.exit).ok(),
        "ran"
    );
    result.map_err(|cause| CaptureError {
        line: command.shown(),
        folder: command.folder().display().to_string(),
        cause,
    })
}

async fn run(line: &CommandLine) -> io::Result<Captured> {
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
        .spawn()?;
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
    output.and(errors)?;
    let exit = Exit::from(child.wait().await?);
    Ok(Captured { exit, stdout, stderr: String::from_utf8_lossy(&stderr).into_owned() })
}
