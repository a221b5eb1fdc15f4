//! Runs an agent or a test command in its own process group, with a time limit, a log, and limited memory for its output. When
//! it returns, no process of the child is alive.

pub mod children;
pub(super) mod ending;
pub(super) mod idle;
pub mod stop;
pub mod tree;

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::Child;

use crate::adapters::process::command::CommandLine;
use crate::adapters::process::exit::Exit;
use crate::adapters::process::output::listener::{Listener, Remaining};
use crate::adapters::process::output::log::ChildLog;
use crate::adapters::process::output::tail::Tail;
use crate::adapters::process::time::{self, Stopwatch};
use crate::ports::cancellation::{Cancellation, Urgency};

use children::ChildRecord;
use ending::ProcessTree;
use stop::StopSequence;
use tree::{OwnChild, Root, Running};

/// The time to wait for the last output after all processes have ended.
const DRAIN: Duration = Duration::from_secs(2);
/// The time that a child gets to exit after its last expected output.
const GRACE: Duration = Duration::from_secs(4);
/// The number of bytes to keep from the end of stderr, and from both streams together.
const TAIL_BYTES: usize = 16 << 10;
/// The maximum number of bytes that are read from a stream at once.
const READ_BYTES: usize = 8 << 10;

/// A child to run.
#[derive(Debug, Clone)]
pub struct Job {
    pub command: CommandLine,
    /// The value of [`tree::MARKER`] for the child and its processes; unique for this child.
    pub marker: String,
    pub children: PathBuf,
    pub log: PathBuf,
    pub deadline: Duration,
    /// The idle time limit, if there is one.
    pub idle: Option<Duration>,
    pub stop: StopSequence,
}

/// The end of a child.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    Exited(Exit),
    TimedOut,
    /// The program was idle for too long, or did not exit after its last output.
    Hung {
        /// The idle time in seconds.
        seconds: u64,
    },
    Cancelled,
    NotStarted(String),
    /// The program was not started, because a file of ours could not be written.
    Disk(String),
}

/// The result of a child.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    pub end: End,
    pub stderr: String,
    /// The end of both streams, in order of arrival.
    pub tail: String,
    pub milliseconds: u64,
}

/// Runs a child to its end. The listener gets all bytes of stdout as they arrive.
pub async fn supervise(job: &Job, listener: &mut dyn Listener, cancellation: Cancellation) -> Ended {
    let watch = Stopwatch::start();
    let streams = Mutex::new(Streams::new(listener));
    let end = match begin(job) {
        Err(end) => end,
        Ok(started) => match started.row.started(started.pid) {
            Ok(()) => run(job, started, &streams, cancellation).await,
            Err(why) => {
                abandon(job, started, &cancellation).await;
                End::Disk(why)
            }
        },
    };
    let milliseconds = watch.milliseconds();
    tracing::info!(line = %job.command.shown(), log = %job.log.display(), milliseconds, ?end, "took a turn");
    let streams = streams.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ended { end, stderr: streams.stderr.text(), tail: streams.both.text(), milliseconds }
}

struct Streams<'job> {
    log: Option<ChildLog>,
    listener: &'job mut dyn Listener,
    heard: u64,
    stderr: Tail,
    both: Tail,
}

#[derive(Clone, Copy)]
enum OutputStream {
    Output,
    Errors,
}

impl<'job> Streams<'job> {
    fn new(listener: &'job mut dyn Listener) -> Self {
        let (stderr, both) = (Tail::new(TAIL_BYTES), Tail::new(TAIL_BYTES));
        Self { log: None, listener, heard: 0, stderr, both }
    }

    /// Returns the number of bytes that had arrived when the output was complete.
    fn complete(&self) -> Option<u64> {
        (self.listener.remaining() == Remaining::Nothing).then_some(self.heard)
    }

    fn take(&mut self, source: OutputStream, chunk: &[u8]) {
        if let Some(log) = &mut self.log {
            log.write(chunk);
        }
        self.heard = self.heard.wrapping_add(1);
        self.both.push(chunk);
        match source {
            OutputStream::Errors => self.stderr.push(chunk),
            OutputStream::Output => self.listener.hear(chunk),
        }
    }
}

struct StartedChild {
    child: Child,
    pid: u32,
    log: ChildLog,
    row: ChildRecord,
    own: OwnChild,
    running: Running,
}

fn begin(job: &Job) -> Result<StartedChild, End> {
    tree::adopt_orphans();
    let line = &job.command;
    let log = ChildLog::create(&job.log, line)
        .map_err(|error| End::Disk(format!("could not write the log {}: {error}", job.log.display())))?;
    let row = ChildRecord::announce(&job.children, &job.marker).map_err(End::Disk)?;
    let failed =
        |error: std::io::Error| End::NotStarted(format!("could not run `{}`: {error}", line.program_name()));
    let mut child = line.child().map_err(failed)?;
    let child = child.env(tree::MARKER, &job.marker).stdin(Stdio::piped()).spawn().map_err(failed)?;
    let pid = child.id().unwrap_or_default();
    let own = OwnChild::remember(pid);
    Ok(StartedChild { child, pid, log, row, own, running: Running::begin() })
}

/// Ends a running child with its processes, because it could not be added to the table: nobody would end it after us.
async fn abandon(job: &Job, started: StartedChild, cancellation: &Cancellation) {
    let StartedChild { mut child, pid, log, row, own, running } = started;
    // Its output is not needed.
    drop((child.stdin.take(), child.stdout.take(), child.stderr.take(), running));
    ProcessTree { leader: Some(pid), marker: &job.marker }.end(job.stop, cancellation).await;
    time::at_most(DRAIN, child.wait()).await;
    drop((log, row, own));
}

async fn run(
    job: &Job,
    started: StartedChild,
    streams: &Mutex<Streams<'_>>,
    mut cancellation: Cancellation,
) -> End {
    let StartedChild { mut child, pid, log, row, own, running } = started;
    lock(streams).log = Some(log);
    let (input, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let write = async {
        if let Some(mut pipe) = input {
            // A child may end without reading all of its input; its exit code decides.
            let _: std::io::Result<()> = pipe.write_all(&job.command.input).await;
        }
    };
    let pumps = async {
        tokio::join!(
            write,
            pump(output, OutputStream::Output, streams),
            pump(errors, OutputStream::Errors, streams)
        )
    };
    tokio::pin!(pumps);
    let mut pumped = false;
    let mut reaped = false;
    let end = {
        let deadline = time::wait(job.deadline);
        let look = || tree::time_used(Root::child(Some(pid), &job.marker, running.strays()));
        let hung = idle::hung(job.idle, || lock(streams).heard, look);
        let lingers = lingers(|| lock(streams).complete());
        tokio::pin!(deadline, hung, lingers);
        loop {
            // Each arm may be dropped at any await: waiting and reading keep their state in `child` and `pumps`.
            tokio::select! {
                status = child.wait() => {
                    reaped = true;
                    break End::Exited(status.map_or(Exit::Signal(0), Exit::from));
                }
                () = &mut deadline => break End::TimedOut,
                () = cancellation.reached(Urgency::Stop) => break End::Cancelled,
                seconds = &mut hung => break End::Hung { seconds },
                () = &mut lingers => break End::Hung { seconds: GRACE.as_secs() },
                _ = &mut pumps, if !pumped => pumped = true,
            }
        }
    };
    // Children that end at the same time may all sweep strays; otherwise none would.
    drop(running);
    let tree = ProcessTree { leader: (!reaped).then_some(pid), marker: &job.marker };
    let ending = tree.end(job.stop, &cancellation);
    tokio::pin!(ending);
    loop {
        // A child that is asked to end may print a lot before: the pipes are read meanwhile.
        tokio::select! {
            () = &mut ending => break,
            _ = &mut pumps, if !pumped => pumped = true,
        }
    }
    if !reaped {
        // Processes that survive KILL are blocked in the kernel, and are not waited for.
        time::at_most(DRAIN, child.wait()).await;
    }
    if !pumped {
        time::at_most(DRAIN, &mut pumps).await;
    }
    drop((row, own));
    end
}

/// Waits until a child's output is complete and it has been silent for once to twice as long as [`GRACE`].
async fn lingers(complete: impl Fn() -> Option<u64>) {
    loop {
        let before = complete();
        time::wait(GRACE).await;
        if before.is_some() && before == complete() {
            return;
        }
    }
}

async fn pump(pipe: Option<impl AsyncRead + Unpin>, source: OutputStream, streams: &Mutex<Streams<'_>>) {
    let Some(mut pipe) = pipe else { return };
    let mut chunk = Vec::with_capacity(READ_BYTES);
    while let Ok(1..) = pipe.read_buf(&mut chunk).await {
        lock(streams).take(source, &chunk);
        chunk.clear();
    }
}

fn lock<'lock, 'job>(streams: &'lock Mutex<Streams<'job>>) -> MutexGuard<'lock, Streams<'job>> {
    streams.lock().unwrap_or_else(PoisonError::into_inner)
}
