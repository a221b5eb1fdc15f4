//! `command:` agents: any program. Prompt on stdin, answer in a file or on stdout; 0 answered, 75 quota, else failed.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::adapters::clock::SystemClock;
use crate::adapters::files::{self, read_foreign};
use crate::adapters::process::command::CommandLine;
use crate::adapters::process::exit::Exit;
use crate::adapters::process::output::listener::Collector;
use crate::adapters::process::output::tail;
use crate::adapters::process::supervision::stop::StopSequence;
use crate::adapters::process::supervision::{End, Ended, Job, supervise};
use crate::domain::failure::TurnFailure;
use crate::domain::usage::{Precision, Usage};
use crate::ports::agents::{TurnOrder, TurnReport, TurnResult};
use crate::ports::cancellation::Cancellation;
use crate::ports::clock::Clock;
use crate::protocol::envelope::ANSWER_LIMIT;
use crate::protocol::raw_answer::RawAnswer;

use super::errors;
use super::turn_files::{Allowed, TurnFiles};
use super::turn_host::{TurnHost, TurnLimit, unstarted};

/// Any program that reads a prompt on stdin, and answers in a file or on stdout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandAgent {
    /// A path, or a name to find in `PATH`.
    pub program: PathBuf,
    pub arguments: Vec<String>,
    /// The variables of ours to pass on besides the common ones.
    pub variables: Vec<String>,
    /// The time limit of its turns, if it differs from that of all agents.
    pub limit: Option<TurnLimit>,
}

/// The variable that holds the nonce which a vote must return.
const NONCE_VARIABLE: &str = "AGENT_LOOP_NONCE";

/// The exit code for a used-up quota (`EX_TEMPFAIL` of sysexits).
const QUOTA_EXIT: i32 = 75;

/// Runs a turn with the program.
pub(super) async fn take(
    host: &TurnHost,
    agent: &CommandAgent,
    order: &TurnOrder,
    cancellation: Cancellation,
) -> TurnReport {
    let files = match TurnFiles::make(host, order, Allowed::named(&agent.variables)) {
        Ok(files) => files,
        Err(why) => return unstarted(TurnResult::Disk(why)),
    };
    let mut environment = files.environment.clone();
    environment
        .extend(order.nonce.iter().map(|nonce| (NONCE_VARIABLE.into(), nonce.as_str().to_owned().into())));
    let command = CommandLine::new(&agent.program, &order.workdir, environment)
        .arguments(&agent.arguments)
        .input(order.prompt.clone());
    let limit = host.limit(order.access, agent.limit.as_ref());
    let job = Job {
        command,
        marker: files.turn_id.clone(),
        children: files.children.clone(),
        log: files.log.clone(),
        deadline: limit.duration,
        idle: host.idle,
        stop: StopSequence::Terminate,
    };
    let mut collector = Collector::new(ANSWER_LIMIT);
    let ended = supervise(&job, &mut collector, cancellation).await;
    let usage = Usage {
        calls: 1,
        milliseconds: ended.milliseconds,
        precision: Precision::Partial,
        ..Usage::default()
    };
    let result = result(limit, &files, &ended, collector.into_bytes());
    TurnReport { log: Some(files.log), ..TurnReport::bare(result, usage) }
}

fn result(limit: &TurnLimit, files: &TurnFiles, ended: &Ended, stdout: Vec<u8>) -> TurnResult {
    match ended.end.clone() {
        End::NotStarted(detail) => TurnResult::Failed(TurnFailure::Spawn { detail }),
        End::Disk(why) => TurnResult::Disk(why),
        // Until a program exits, it may write another answer over the one in the file.
        End::TimedOut => TurnResult::Failed(limit.exceeded()),
        End::Hung { seconds } => TurnResult::Failed(TurnFailure::Hang { seconds }),
        End::Cancelled => TurnResult::Cancelled,
        End::Exited(Exit::Code(0)) => answered(files, stdout),
        End::Exited(Exit::Code(QUOTA_EXIT)) => {
            let (said, now) = (resets_at(&ended.stderr), SystemClock.now());
            TurnResult::Failed(errors::said_used_up(said, now, String::new()))
        }
        End::Exited(exit) => TurnResult::Failed(TurnFailure::Exit {
            code: exit.shell_code(),
            detail: said_last(&ended.stderr, &stdout),
        }),
    }
}

/// Returns the last lines of stderr, else the last line of stdout.
fn said_last(stderr: &str, stdout: &[u8]) -> String {
    let errors = last_lines(stderr);
    if !errors.is_empty() {
        return errors;
    }
    let text = tail::plain(&String::from_utf8_lossy(stdout));
    last_lines(text.lines().last().unwrap_or_default())
}

/// Returns the answer from the file and from stdout. Stdout is used only if the file contains no valid answer.
fn answered(files: &TurnFiles, stdout: Vec<u8>) -> TurnResult {
    let malformed = |why| TurnResult::Failed(TurnFailure::Malformed { complaints: vec![why] });
    let file = match read_foreign(&files.response, ANSWER_LIMIT) {
        Ok(bytes) if bytes.is_empty() => None,
        Ok(bytes) => {
            if let Err(why) = log_answer(&files.log, &bytes) {
                tracing::warn!(%why, log = %files.log.display(), "did not log an answer");
            }
            Some(bytes)
        }
        Err(why) => return malformed(why),
    };
    match (file.map(text).transpose(), text(stdout)) {
        (Ok(None), Ok(message)) => TurnResult::Answered(RawAnswer::message(message)),
        // Other text on stdout does not invalidate an answer in the file.
        (Ok(file @ Some(_)), message) => {
            TurnResult::Answered(RawAnswer { native: None, file, message: message.ok() })
        }
        (Err(why), _) | (Ok(None), Err(why)) => malformed(why),
    }
}

/// Adds the answer in a file to the log of its turn: the folder of the turn is removed with the file.
fn log_answer(log: &Path, answer: &[u8]) -> io::Result<()> {
    let mut log = files::append(log)?;
    log.write_all(b"# answer in the file:\n")?;
    log.write_all(answer)?;
    if answer.ends_with(b"\n") { Ok(()) } else { log.write_all(b"\n") }
}

/// A file that is longer than an answer may be, or is not text, is ignored.
fn text(bytes: Vec<u8>) -> Result<String, String> {
    if bytes.len() > ANSWER_LIMIT {
        return Err("the answer is longer than 1 MiB; it was not read".to_owned());
    }
    String::from_utf8(bytes).map_err(|error| format!("the answer is not UTF-8: {error}"))
}

/// Returns the instant in a line `resets_at=<RFC 3339 or seconds since 1970>`.
fn resets_at(stderr: &str) -> Option<Timestamp> {
    let value = stderr.lines().rev().find_map(|line| line.trim().strip_prefix("resets_at="))?.trim();
    let epoch = value.parse::<i64>().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    epoch.or_else(|| value.parse().ok())
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().rev().take(5).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resets_are_read_in_both_forms() {
        let instant: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        assert_eq!(resets_at("x\nresets_at=2026-11-21T10:00:00Z\n"), Some(instant));
        assert_eq!(resets_at(&format!("resets_at={}", instant.as_second())), Some(instant));
        assert_eq!(resets_at("resets_at=soon"), None);
    }
}
