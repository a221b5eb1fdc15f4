//! `stop`: asks the process that is working on a subject to end, waits until it has ended, and reports how the run ended.

use std::time::Duration;

use clap::Args;

use crate::adapters::process::{signal, time};
use crate::adapters::storage::lock;
use crate::cli::arguments::common::KnownRepositoryArgs;
use crate::cli::commands::status;
use crate::cli::repository::open::{OpenRepository, nothing_begun};
use crate::cli::repository::survey::{self, SubjectSummary};
use crate::cli::surroundings::Surroundings;
use crate::cli::view::place::CommandPlace;

/// `stop`
#[derive(Debug, Args)]
pub struct StopArguments {
    /// Subject of the run: 7, pr/7, issue/7, task/KEY or a URL
    pub subject: String,
    /// Kill the agents of the run at once instead of asking them to end first
    #[arg(long)]
    pub now: bool,
    #[command(flatten)]
    pub repository: KnownRepositoryArgs,
}

const LOOK: Duration = Duration::from_millis(50);
/// The number of checks, a minute in total. An agent has 5 s to end, a publication a little longer.
const PATIENCE: u32 = 60 * 20;

/// Stops a run.
pub async fn run(arguments: &StopArguments, surroundings: &Surroundings) -> Result<String, String> {
    let here = OpenRepository::of(&arguments.repository, Some(&arguments.subject), surroundings)
        .await?
        .ok_or_else(nothing_begun)?;
    let subject = here.subject(&arguments.subject)?;
    let Some(holder) = here.holder(&subject) else {
        return Err(format!("no run is active on {subject}; see `agent-loop status`"));
    };
    if holder.host.as_ref().is_some_and(|host| *host != lock::this_host()) {
        let host = holder.host.unwrap_or_default();
        return Err(format!("the run on {subject} is on the machine {host}; type the command there"));
    }
    let pid =
        holder.pid.ok_or_else(|| format!("the lock of {subject} does not say which process holds it"))?;
    signal::terminate(pid)?;
    if arguments.now {
        // The second signal has an effect only after the first one was handled.
        time::wait(LOOK).await;
        signal::terminate(pid)?;
    }
    for _ in 0..PATIENCE {
        if here.holder(&subject).is_none_or(|now| now.pid != Some(pid)) {
            return Ok(ended(survey::current(&here, subject).await, pid, &surroundings.place));
        }
        time::wait(LOOK).await;
    }
    Err(format!(
        "process {pid} has not ended yet; to kill the agents of the run at once: `agent-loop stop {subject} --now`"
    ))
}

/// Describes the subject after its process has ended: the run may have ended before it could be stopped.
fn ended(known: Option<SubjectSummary>, pid: u32, place: &CommandPlace) -> String {
    let Some(known) = known else { return format!("process {pid} has ended\n") };
    let next = status::next_command(&known);
    let next = next.map_or_else(String::new, |next| format!("next: {}\n", place.command(&next)));
    format!("process {pid} has ended; {} is {}\n{next}", known.subject, status::describe(&known))
}
