//! `resume --list`: the subjects that can be resumed, when, and with which command.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::cli::arguments::common::JsonOutput;
use crate::cli::commands::status;
use crate::cli::repository::open::OpenRepository;
use crate::cli::repository::survey::{SubjectState, SubjectSummary};
use crate::cli::view::overview::{self, Block};
use crate::cli::view::paint::Paint;
use crate::cli::view::place::CommandPlace;
use crate::cli::view::print;

use super::arguments::ResumeArguments;

const NOTHING_IS_DUE: &str =
    "Nothing was resumed, because no run is due yet. The command of a run resumes it before its time.\n\n";

/// A subject that can be resumed, now or later.
#[derive(Debug)]
pub(super) struct Resumable<'here> {
    pub(super) here: &'here OpenRepository,
    pub(super) known: SubjectSummary,
}

/// When a subject can be resumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// The run was interrupted, and a person can resume it.
    Interrupted,
    /// It was parked, and the quota was reset.
    Due,
    Later(Timestamp),
}

/// Returns when a subject can be resumed. The instant is one of the wall clock, so that it is valid after a restart too.
pub(super) fn when(state: &SubjectState, now: Timestamp) -> Option<When> {
    match state {
        SubjectState::Interrupted => Some(When::Interrupted),
        SubjectState::Parked(parking) if parking.is_due(now) => Some(When::Due),
        SubjectState::Parked(parking) => Some(When::Later(parking.resets_at)),
        SubjectState::Running(_)
        | SubjectState::NeedsHuman(_)
        | SubjectState::Delivered(_)
        | SubjectState::Settled(_)
        | SubjectState::Unreadable(_) => None,
    }
}

/// Returns the list, or that there is nothing in it although runs are left to a person; as JSON the array that `status` prints, with `due` for parked subjects.
pub(super) fn text(
    all: &[Resumable<'_>],
    for_person: &[&CommandPlace],
    arguments: &ResumeArguments,
    now: Timestamp,
    paint: Paint,
) -> String {
    if let Some(JsonOutput::Outcome | JsonOutput::Events) = arguments.output.json {
        let array = all.iter().map(|waiting| object(waiting, arguments, now)).collect();
        return format!("{}\n", Value::Array(array));
    }
    if all.is_empty() {
        let is_for_cron = arguments.due && !print::results_are_seen();
        return if is_for_cron { String::new() } else { nothing(for_person) };
    }
    let block = |waiting: &Resumable<'_>| Block {
        subject: waiting.known.subject.to_string(),
        state: status::describe_now(&waiting.known, now),
        title: waiting.known.title.clone(),
        details: Vec::new(),
        next: Some(command(waiting)),
    };
    let blocks = all.iter().map(block).collect::<Vec<_>>();
    let heading = if arguments.list { "" } else { NOTHING_IS_DUE };
    format!("{heading}{}", overview::blocks(&blocks, print::result_width(), paint))
}

/// Returns the message that nothing can be resumed, with a `status` command for each place where runs wait for a person.
fn nothing(for_person: &[&CommandPlace]) -> String {
    let nothing = "nothing is interrupted or parked";
    let runs = match for_person.len() {
        0 => return format!("{nothing}\n"),
        1 => "a run waits for you".to_owned(),
        count => format!("{count} runs wait for you"),
    };
    let mut commands: Vec<String> = Vec::new();
    for command in for_person.iter().map(|place| place.command("agent-loop status")) {
        if !commands.contains(&command) {
            commands.push(command);
        }
    }
    match commands.as_slice() {
        [command] => format!("{nothing}; {runs}: {command}\n"),
        commands => format!("{nothing}; {runs}:\n  {}\n", commands.join("\n  ")),
    }
}

fn command(waiting: &Resumable<'_>) -> String {
    waiting.here.place.command(&format!("agent-loop resume {}", waiting.known.subject))
}

fn object(waiting: &Resumable<'_>, arguments: &ResumeArguments, now: Timestamp) -> Value {
    let mut value = status::as_json(&waiting.known, &waiting.here.place);
    if let Value::Object(members) = &mut value {
        match when(&waiting.known.state, now) {
            Some(When::Due) => members.insert("due".to_owned(), json!(true)),
            Some(When::Later(_)) => members.insert("due".to_owned(), json!(false)),
            Some(When::Interrupted) | None => None,
        };
        if arguments.all {
            let repository = waiting.here.repository.path.to_string_lossy();
            members.insert("repository".to_owned(), json!(repository));
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::repository::stopped::Parking;
    use crate::domain::ending::Parked;

    #[test]
    fn a_past_instant_is_due() {
        let now: Timestamp = "2026-11-21T00:00:00Z".parse().unwrap();
        let parked = |text: &str| {
            let (resets_at, reason) = (text.parse().unwrap(), Parked::Quota);
            SubjectState::Parked(Parking { since: now, resets_at, reason })
        };
        assert_eq!(when(&parked("1970-01-01T00:00:00Z"), now), Some(When::Due));
        assert_eq!(when(&parked("2026-11-21T00:00:00Z"), now), Some(When::Due));
        let later: Timestamp = "2026-11-21T00:00:01Z".parse().unwrap();
        assert_eq!(when(&parked("2026-11-21T00:00:01Z"), now), Some(When::Later(later)));
        let set_back: Timestamp = "2026-11-20T00:00:00Z".parse().unwrap();
        assert_eq!(when(&parked("2026-12-11T16:11:38Z"), set_back), Some(When::Due), "the clock was ahead");
        assert_eq!(when(&SubjectState::Interrupted, now), Some(When::Interrupted));
        assert_eq!(when(&SubjectState::Settled("approved".to_owned()), now), None);
    }
}
