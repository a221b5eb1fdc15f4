//! Runs an unknown program for a short answer. The program may hang, print without end, or leave processes behind.

use std::path::Path;
use std::time::Duration;

use crate::ports::cancellation::{Urgency, cancellation};

use super::command::CommandLine;
use super::exit::Exit;
use super::output::listener::Collector;
use super::output::tail::plain;
use super::supervision::stop::StopSequence;
use super::supervision::{End, Job, supervise};
use super::time;

/// The maximum length of stdout, in bytes.
const MOST: usize = 64 << 10;
/// A time limit longer than any question: the question's own limit is enforced here, and kills its processes at once.
const NEVER: Duration = Duration::from_hours(1);

/// The result of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Probed {
    Answered(Answer),
    /// The program exceeded its time limit, and was killed with all processes that it had started.
    TooLong {
        /// The time limit in seconds.
        seconds: u64,
    },
    NotStarted(String),
}

/// The answer of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub exit: Exit,
    /// The beginning of stdout, without colours.
    pub stdout: String,
    /// The end of stderr, without colours.
    pub stderr: String,
}

/// Runs a program with a closed stdin and returns what it prints. The folder is for files of ours; the name is unique.
pub async fn probe(command: CommandLine, folder: &Path, name: &str, at_most: Duration) -> Probed {
    let job = Job {
        command,
        marker: format!("probe-{}-{name}", std::process::id()),
        children: folder.join("children"),
        log: folder.join(format!("{name}.log")),
        deadline: NEVER,
        idle: None,
        stop: StopSequence::Terminate,
    };
    let (canceller, hears) = cancellation();
    let mut stdout = Collector::new(MOST);
    let ended = {
        let running = supervise(&job, &mut stdout, hears);
        tokio::pin!(running);
        if let Some(ended) = time::at_most(at_most, &mut running).await {
            ended
        } else {
            canceller.raise(Urgency::Kill);
            running.await
        }
    };
    match ended.end {
        End::Exited(exit) => {
            let stdout = plain(&String::from_utf8_lossy(&stdout.into_bytes()));
            Probed::Answered(Answer { exit, stdout, stderr: ended.stderr })
        }
        End::NotStarted(why) | End::Disk(why) => Probed::NotStarted(why),
        End::TimedOut | End::Hung { .. } | End::Cancelled => Probed::TooLong { seconds: at_most.as_secs() },
    }
}
