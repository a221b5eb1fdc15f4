//! `resume`: goes on with what was interrupted or parked, with the settings that it was begun with.

use std::fmt::Write;

use crate::adapters::clock::SystemClock;
use crate::adapters::state::run_file::RunFile;
use crate::domain::subject::Subject;
use crate::ports::clock::Clock;

use super::arguments::{JsonOutput, ResumeArguments, RunArguments};
use super::here::{Here, nothing_begun};
use super::run::order::Order;
use super::status;
use super::surroundings::Surroundings;
use super::survey::{self, Doing, Known};

/// A run to go on with.
pub struct Resumed {
    /// What to do.
    pub order: Order,
    /// With which flags.
    pub arguments: RunArguments,
}

/// What can go on.
///
/// # Errors
/// When nothing was begun, or the subject is not known or can't go on; the text says what to type.
pub async fn candidates(
    arguments: &ResumeArguments,
    surroundings: &Surroundings,
) -> Result<(Here, Vec<Known>), String> {
    let here = Here::find(arguments.place.dir.as_deref(), surroundings).await?.ok_or_else(nothing_begun)?;
    let here = here.believing(surroundings).await;
    let Some(typed) = &arguments.subject else {
        let mut all = survey::survey(&here).await;
        all.retain(|known| can_go_on_now(&known.doing));
        return Ok((here, all));
    };
    let subject = here.subject(typed)?;
    let known = survey::known(&here, subject).await;
    let known = known.ok_or_else(|| format!("{typed} is no longer on the forge"))?;
    match &known.doing {
        Doing::Parked { .. } | Doing::Interrupted => Ok((here, vec![known])),
        Doing::Running(_) => Err(format!(
            "{typed} is {} already; see `agent-loop logs {typed} --follow`, or end it with `agent-loop stop {typed}`",
            status::doing(&known)
        )),
        Doing::Unreadable(why) => Err(why.clone()),
        Doing::Settled(how) => Err(format!(
            "there is nothing to go on with: {typed} is {how}. To begin anew, type `agent-loop {}`",
            typed.replacen('/', " ", 1)
        )),
    }
}

fn can_go_on_now(doing: &Doing) -> bool {
    match doing {
        Doing::Interrupted => true,
        Doing::Parked { resets_at } => *resets_at <= SystemClock.now(),
        Doing::Running(_) | Doing::Settled(_) | Doing::Unreadable(_) => false,
    }
}

/// The list of what can go on; as JSON the array that `status` prints.
pub fn list(all: &[Known], json: Option<JsonOutput>) -> String {
    if json.is_some() {
        return status::json(all);
    }
    if all.is_empty() {
        return "nothing waits to go on\n".to_owned();
    }
    let mut text = String::new();
    for known in all {
        let _ = writeln!(text, "{}  {}\n    agent-loop resume {0}", known.subject(), status::doing(known));
    }
    text
}

/// The command that goes on with a subject.
///
/// # Errors
/// When this machine does not know the words of a task.
pub fn resumed(known: &Known, here: &Here, arguments: &ResumeArguments) -> Result<Resumed, String> {
    let subject = known.subject();
    let file = RunFile::load(&here.folders.run_file(subject))?;
    let order = match subject {
        Subject::Issue(number) => Order::Issue(*number),
        Subject::PullRequest(number) => Order::PullRequest(*number),
        Subject::Task(_) => Order::Task(file.task.ok_or_else(|| {
            format!(
                "this machine does not know the words of {subject}; type `agent-loop task …` with them again"
            )
        })?),
    };
    let arguments = RunArguments {
        base: file.base,
        place: arguments.place.clone(),
        telling: arguments.telling.clone(),
        ..RunArguments::default()
    };
    Ok(Resumed { order, arguments })
}
