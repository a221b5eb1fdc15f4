//! `resume --list`: what waits, until when, and what to type.

use std::fmt::Write;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::cli::arguments::JsonOutput;
use crate::cli::commands::status;
use crate::cli::repository::here::Here;
use crate::cli::repository::survey::{Doing, Known};
use crate::cli::view::shell::quoted;

use super::arguments::ResumeArguments;

/// A subject that can go on, now or later.
#[derive(Debug)]
pub(super) struct Waiting<'here> {
    /// In which repository.
    pub(super) here: &'here Here,
    /// What is known of it.
    pub(super) known: Known,
}

/// When a subject can go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// It was cut off: whenever somebody says so.
    Interrupted,
    /// It was parked, and its instant has come.
    Due,
    /// It is parked until then.
    Later(Timestamp),
}

/// When a subject can go on, if it can. The instant is one of the wall clock, so that it counts after a restart too.
pub(super) fn when(doing: &Doing, now: Timestamp) -> Option<When> {
    match doing {
        Doing::Interrupted => Some(When::Interrupted),
        Doing::Parked { resets_at } if *resets_at <= now => Some(When::Due),
        Doing::Parked { resets_at } => Some(When::Later(*resets_at)),
        Doing::Running(_) | Doing::Settled(_) | Doing::Unreadable(_) => None,
    }
}

/// The list; as JSON the array that `status` prints, with `due` for what is parked.
pub(super) fn text(all: &[Waiting<'_>], arguments: &ResumeArguments, now: Timestamp) -> String {
    if let Some(JsonOutput::Outcome | JsonOutput::Events) = arguments.telling.json {
        let array = all.iter().map(|waiting| object(waiting, arguments, now)).collect();
        return format!("{}\n", Value::Array(array));
    }
    if all.is_empty() {
        // Under --due silence is the answer: cron mails every word.
        return if arguments.due { String::new() } else { "nothing waits to go on\n".to_owned() };
    }
    let mut text = String::new();
    for waiting in all {
        let (known, place) = (&waiting.known, place(waiting, arguments));
        let note = match when(&known.doing, now) {
            Some(When::Due) => " (due)".to_owned(),
            Some(When::Later(instant)) => format!(" (in {})", left(now, instant)),
            Some(When::Interrupted) | None => String::new(),
        };
        let _ = writeln!(text, "{}  {}{note}", known.subject(), status::doing(known));
        let _ = writeln!(text, "    agent-loop resume {}{place}", known.subject());
    }
    text
}

fn object(waiting: &Waiting<'_>, arguments: &ResumeArguments, now: Timestamp) -> Value {
    let mut value = status::as_json(&waiting.known);
    if let Value::Object(members) = &mut value {
        match when(&waiting.known.doing, now) {
            Some(When::Due) => members.insert("due".to_owned(), json!(true)),
            Some(When::Later(_)) => members.insert("due".to_owned(), json!(false)),
            Some(When::Interrupted) | None => None,
        };
        if arguments.all {
            let command =
                format!("agent-loop resume {}{}", waiting.known.subject(), place(waiting, arguments));
            members.insert("next_command".to_owned(), json!(command));
            let repository = waiting.here.repository.path.to_string_lossy();
            members.insert("repository".to_owned(), json!(repository));
        }
    }
    value
}

/// What has to be said of the repository, if it is not the one here.
fn place(waiting: &Waiting<'_>, arguments: &ResumeArguments) -> String {
    if arguments.all {
        format!(" -C {}", quoted(&waiting.here.repository.path.to_string_lossy()))
    } else {
        String::new()
    }
}

/// How long it is until then, in the two largest units.
fn left(now: Timestamp, instant: Timestamp) -> String {
    let minutes = instant.duration_since(now).as_secs() / 60;
    let (days, hours, rest) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    match (days, hours, rest) {
        (0, 0, 0) => "less than a minute".to_owned(),
        (0, 0, rest) => format!("{rest} min"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, rest) => format!("{hours} h {rest} min"),
        (days, 0, _) => format!("{days} d"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_it_is_is_told_in_two_units() {
        let now: Timestamp = "2026-11-21T23:09:00Z".parse().unwrap();
        for (instant, told) in [
            ("2026-11-24T02:09:00Z", "2 d 3 h"),
            ("2026-11-22T23:30:00Z", "1 d"),
            ("2026-11-22T00:14:59Z", "1 h 5 min"),
            ("2026-11-22T01:09:00Z", "2 h"),
            ("2026-11-21T23:10:00Z", "1 min"),
            ("2026-11-21T23:09:59Z", "less than a minute"),
        ] {
            assert_eq!(left(now, instant.parse().unwrap()), told);
        }
    }

    #[test]
    fn an_instant_is_due_from_then_on_however_long_ago_it_was() {
        let now: Timestamp = "2026-11-21T00:00:00Z".parse().unwrap();
        let parked = |text: &str| Doing::Parked { resets_at: text.parse().unwrap() };
        assert_eq!(when(&parked("1970-01-01T00:00:00Z"), now), Some(When::Due));
        assert_eq!(when(&parked("2026-11-21T00:00:00Z"), now), Some(When::Due));
        let later: Timestamp = "2026-11-21T00:00:01Z".parse().unwrap();
        assert_eq!(when(&parked("2026-11-21T00:00:01Z"), now), Some(When::Later(later)));
        assert_eq!(when(&Doing::Interrupted, now), Some(When::Interrupted));
        assert_eq!(when(&Doing::Settled("approved".to_owned()), now), None);
    }
}
