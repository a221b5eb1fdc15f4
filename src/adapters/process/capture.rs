//! Runs a short program of ours (git) to its end and captures its output. For agents see `supervise`.

use std::io;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};

use crate::text::amounts::duration;

use super::command::CommandLine;
use super::exit::Exit;
use super::supervision::tree::{self, OwnChild};
use super::time::{self, Stopwatch};

/// The time after which a program of ours hangs, for example on a pipe that an agent left in its clone, or on a dead disk.
pub const DEADLINE: Duration = Duration::from_mins(15);

/// The maximum output of a call, in bytes. The longest output of git is a list of files: 150 MB for a million of them, with
/// modes and objects. An agent can create any number of files in its clone.
const OUTPUT: StreamLimit = StreamLimit { mebibytes: 256, of: "on stdout" };
/// The maximum length of errors of a call, in bytes: git prints a line per file, and messages contain 2,000 bytes of it.
const COMPLAINTS: StreamLimit = StreamLimit { mebibytes: 16, of: "on stderr" };

/// The same for a program that shows its progress and lists what it received.
const PROGRESS: StreamLimit = StreamLimit { mebibytes: 256, of: "on stderr" };

#[derive(Debug, Clone, Copy)]
struct StreamLimit {
    mebibytes: u64,
    of: &'static str,
}

/// The result of a program that ran to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Captured {
    pub exit: Exit,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

/// An error of a program that did not run to its end, or whose output is unknown.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// The program could not be started: it is missing or not executable, or its folder is gone.
    #[error("could not start {ran}: {cause}")]
    NotStarted { ran: Ran, cause: io::Error },
    /// The program exceeded the time limit.
    #[error("{ran} {patience} and was ended")]
    TooLong { ran: Ran, patience: Patience },
    /// The program printed too much.
    #[error("{ran} printed more than {mebibytes} MiB {of} and was ended; are there very many files?")]
    TooMuch { ran: Ran, mebibytes: u64, of: &'static str },
    /// A pipe to the program broke, or its end is unknown.
    #[error("could not read the output of {ran}: {cause}")]
    Pipe { ran: Ran, cause: io::Error },
}

/// The time limit of a program: for its whole run, or for its silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Patience {
    /// The whole time of the program, to 15 minutes.
    #[error("took longer than 15 minutes")]
    Total,
    /// Silence, to this time: the program shows its progress, and may take any time.
    #[error("printed nothing for {}", duration(*.0))]
    Silence(Duration),
}

/// A command line and its folder, for messages.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{line}` in {folder}")]
pub struct Ran {
    line: String,
    folder: String,
}

impl Ran {
    fn of(command: &CommandLine) -> Self {
        Self { line: command.shown(), folder: command.folder.display().to_string() }
    }
}

impl CaptureError {
    /// Describes the error, with a hint about missing programs if the program did not start.
    pub fn hinting(&self, hint: &str) -> String {
        match self {
            Self::NotStarted { .. } => format!("{self}; {hint}"),
            Self::TooLong { .. } | Self::TooMuch { .. } | Self::Pipe { .. } => self.to_string(),
        }
    }
}

/// The process group of a child that has not been waited for; dropping it kills the group.
struct ChildGroup(Option<u32>);

impl ChildGroup {
    /// The child was waited for: its id may now belong to another process.
    fn forget(mut self) {
        self.0 = None;
    }
}

impl Drop for ChildGroup {
    fn drop(&mut self) {
        if let Some(leader) = self.0 {
            tree::kill_group(leader);
        }
    }
}

/// Runs a program to its end. Dropping the future kills it, and what it has started in its group.
///
/// # Errors
/// When it cannot be started, takes too long, prints too much, or its pipes break; a non-zero exit code is not an error here.
pub async fn capture(command: &CommandLine) -> Result<Captured, CaptureError> {
    capture_with(command, Patience::Total).await
}

/// Runs a program to its end, with a limit of time or of silence.
///
/// # Errors
/// Those of [`capture`].
pub async fn capture_with(command: &CommandLine, patience: Patience) -> Result<Captured, CaptureError> {
    let watch = Stopwatch::start();
    let heard = AtomicU64::new(0);
    let result = tokio::select! {
        result = run(command, patience, &heard) => result,
        () = too_long(patience, &heard) => {
            Err(CaptureError::TooLong { ran: Ran::of(command), patience })
        }
    };
    tracing::debug!(
        line = %command.shown(),
        folder = %command.folder.display(),
        milliseconds = watch.milliseconds(),
        exit = ?result.as_ref().map(|captured| captured.exit).ok(),
        "ran"
    );
    result
}

/// Waits until a program has taken too long. Silence is noticed within twice the limit.
async fn too_long(patience: Patience, heard: &AtomicU64) {
    let limit = match patience {
        Patience::Total => DEADLINE,
        Patience::Silence(limit) => limit,
    };
    loop {
        let before = heard.load(Ordering::Relaxed);
        time::wait(limit).await;
        match patience {
            Patience::Total => return,
            Patience::Silence(_) if heard.load(Ordering::Relaxed) == before => return,
            Patience::Silence(_) => {}
        }
    }
}

async fn run(line: &CommandLine, patience: Patience, heard: &AtomicU64) -> Result<Captured, CaptureError> {
    let complaints = match patience {
        Patience::Total => COMPLAINTS,
        Patience::Silence(_) => PROGRESS,
    };
    let broken = |cause| CaptureError::Pipe { ran: Ran::of(line), cause };
    let stdin = if line.input.is_empty() { Stdio::null() } else { Stdio::piped() };
    let started = line.child().and_then(|mut child| child.stdin(stdin).spawn());
    let mut child = started.map_err(|cause| CaptureError::NotStarted { ran: Ran::of(line), cause })?;
    let _own = child.id().map(OwnChild::remember);
    // Declared after the child, so that it is dropped first: the child must not have been waited for.
    let group = ChildGroup(child.id());
    let (input, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let write = async {
        if let Some(mut pipe) = input {
            // A child may end without reading all of its input; its exit code decides.
            let _: io::Result<()> = pipe.write_all(&line.input).await;
        }
        Ok(())
    };
    // The first error ends the child and its group.
    let ((), stdout, stderr) =
        tokio::try_join!(write, read(line, output, OUTPUT, heard), read(line, errors, complaints, heard))?;
    let exit = Exit::from(child.wait().await.map_err(broken)?);
    group.forget();
    Ok(Captured { exit, stdout, stderr: String::from_utf8_lossy(&stderr).into_owned() })
}

/// Reads a pipe to its end, up to a limit, and counts what was heard.
async fn read(
    line: &CommandLine,
    pipe: Option<impl AsyncRead + Unpin>,
    limit: StreamLimit,
    heard: &AtomicU64,
) -> Result<Vec<u8>, CaptureError> {
    let most = limit.mebibytes.saturating_mul(1024 * 1024);
    let mut all = Vec::new();
    let Some(mut pipe) = pipe else { return Ok(all) };
    let broken = |cause| CaptureError::Pipe { ran: Ran::of(line), cause };
    loop {
        let new = u64::try_from(pipe.read_buf(&mut all).await.map_err(broken)?).unwrap_or(u64::MAX);
        if new == 0 {
            return Ok(all);
        }
        heard.fetch_add(new, Ordering::Relaxed);
        if u64::try_from(all.len()).unwrap_or(u64::MAX) > most {
            let StreamLimit { mebibytes, of } = limit;
            return Err(CaptureError::TooMuch { ran: Ran::of(line), mebibytes, of });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Creates the command line of a program.
    async fn sh(script: &str) -> Result<Captured, CaptureError> {
        capture(
            &CommandLine::new("/bin/sh", "/", std::collections::BTreeMap::new()).arguments(["-c", script]),
        )
        .await
    }

    #[tokio::test]
    async fn only_unstarted_programs_may_be_missing() {
        let line = CommandLine::new("/nowhere/git", "/", std::collections::BTreeMap::new());
        let missing = capture(&line).await.unwrap_err();
        assert!(missing.to_string().starts_with("could not start `/nowhere/git` in /: "), "{missing}");
        assert!(missing.hinting("is git installed?").ends_with("; is git installed?"), "{missing}");
        let ran = Ran::of(&line);
        let broken = CaptureError::Pipe { ran: ran.clone(), cause: io::Error::other("broken") };
        for ended in [CaptureError::TooLong { ran, patience: Patience::Total }, broken] {
            assert_eq!(ended.hinting("is git installed?"), ended.to_string());
        }
    }

    #[tokio::test]
    async fn excessive_output_ends_the_program() {
        for (script, limit) in [
            ("exec head -c 300000000 /dev/zero", "256 MiB"),
            ("exec head -c 20000000 /dev/zero >&2", "16 MiB"),
        ] {
            let refusal = sh(script).await.unwrap_err().to_string();
            assert!(refusal.contains(&format!("more than {limit}")), "{refusal}");
        }
        // The program would never end by itself.
        assert!(matches!(sh("exec yes").await, Err(CaptureError::TooMuch { .. })));
        let kept = sh("printf out; printf err >&2; exit 3").await.unwrap();
        assert_eq!(
            (kept.exit, kept.stdout.as_slice(), kept.stderr.as_str()),
            (Exit::Code(3), &b"out"[..], "err")
        );
    }

    /// Returns a program that prints something in each of three periods, and then no more.
    #[tokio::test(start_paused = true)]
    async fn silence_is_limited_or_everything() {
        for (patience, minutes) in [(Patience::Total, 15), (Patience::Silence(DEADLINE), 60)] {
            let heard = AtomicU64::new(0);
            let speak = async {
                for _ in 0..3 {
                    time::wait(Duration::from_mins(14)).await;
                    heard.fetch_add(1, Ordering::Relaxed);
                }
                std::future::pending::<()>().await;
            };
            let begun = tokio::time::Instant::now();
            tokio::select! {
                () = too_long(patience, &heard) => {}
                () = speak => {}
            }
            assert_eq!(begun.elapsed().as_secs(), minutes * 60, "{patience:?}");
        }
    }
}
