//! `logs`: the output of agents and tests, formatted or raw, complete or as it is written.

mod follow;
mod open_log;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::adapters::process::output::tail::plain;
use crate::cli::arguments::common::KnownRepositoryArgs;
use crate::cli::repository::logbook::{self, Log};
use crate::cli::repository::open::{OpenRepository, nothing_begun};
use crate::cli::surroundings::Surroundings;
use crate::cli::view::amounts::bytes;
use crate::cli::view::overview::columns;
use crate::cli::view::place::CommandPlace;
use crate::cli::view::print;
use crate::domain::subject::Subject;
use crate::text::sanitize::one_line;

use open_log::{LogForm, OpenLog, heading};

/// `logs`
#[derive(Debug, Args)]
pub struct LogsArguments {
    /// Print the latest log of this subject: 7, pr/7, issue/7, task/KEY or a URL [default: list all logs; with --follow, the logs of the active run]
    pub subject: Option<String>,
    /// Print this log: a name from `--list`, the beginning of one, or a number (1 is the latest)
    #[arg(conflicts_with_all = ["follow", "list"])]
    pub name: Option<String>,
    /// Print the logs of the agents and gates at work as they grow, and those that follow, until the run ends
    #[arg(short, long)]
    pub follow: bool,
    /// Print the output as the program printed it, events and command line included
    #[arg(long, conflicts_with = "list")]
    pub raw: bool,
    /// List the logs instead, each with its agent, time, size and result
    #[arg(long, conflicts_with = "follow")]
    pub list: bool,
    #[command(flatten)]
    pub repository: KnownRepositoryArgs,
}

/// The logs that a command shows.
enum ShownLogs {
    /// Lists of logs.
    Listed(String),
    /// Those of a run, as they grow.
    Growing(Subject),
    /// One log, with a note about others.
    One { log: Log, others: String },
}

/// Prints logs.
pub async fn run(arguments: &LogsArguments, surroundings: &Surroundings) -> Result<(), String> {
    let here = OpenRepository::of(&arguments.repository, arguments.subject.as_deref(), surroundings)
        .await?
        .ok_or_else(nothing_begun)?;
    let form = if arguments.raw { LogForm::Raw } else { LogForm::Rendered };
    let shown = match &arguments.subject {
        Some(typed) => of_subject(&here, here.subject(typed)?, arguments)?,
        None => of_all(&here, arguments)?,
    };
    match shown {
        ShownLogs::Listed(lists) => print::result(&lists),
        ShownLogs::Growing(subject) => follow::to_the_end(&here, &subject, form).await?,
        ShownLogs::One { log, others } => {
            print::talk(&format!("{}{others}\n", heading(&log, form)));
            let mut open = OpenLog::of(&log, form)?;
            let mut is_silent = true;
            while let Some(text) = open.next_line().or_else(|| open.last_line()) {
                is_silent &= text.is_empty();
                print::result(&text);
            }
            if is_silent {
                print::talk("no output; `--raw` also shows the command line\n");
            }
        }
    }
    Ok(())
}

/// Returns the logs to show when the command names no subject.
fn of_all(here: &OpenRepository, arguments: &LogsArguments) -> Result<ShownLogs, String> {
    if arguments.follow {
        return one_running(&here.place, &running(here)).cloned().map(ShownLogs::Growing);
    }
    if arguments.raw {
        let list = here.place.command("agent-loop logs");
        return Err(format!("`--raw` prints one log: name its subject, as listed by `{list}`"));
    }
    let lists: Vec<String> = here
        .subjects()
        .into_iter()
        .map(|subject| (logbook::read(here, &subject), subject))
        .filter(|(logs, _)| !logs.is_empty())
        .map(|(logs, subject)| list(&subject, &logs))
        .collect();
    let none = || "there are no logs\n".to_owned();
    Ok(ShownLogs::Listed(if lists.is_empty() { none() } else { lists.join("\n") }))
}

/// Returns what is shown of a subject. A run that has ended is followed only if there is a log.
fn of_subject(
    here: &OpenRepository,
    subject: Subject,
    arguments: &LogsArguments,
) -> Result<ShownLogs, String> {
    let logs = logbook::read(here, &subject);
    if arguments.list {
        return Ok(ShownLogs::Listed(list(&subject, &logs)));
    }
    if arguments.follow && here.holder(&subject).is_some() {
        return Ok(ShownLogs::Growing(subject));
    }
    let log = match &arguments.name {
        Some(name) => Some(chosen(&logs, name, &subject)?),
        None => logs.first(),
    };
    let Some(log) = log.cloned() else {
        return Err(format!(
            "there is no log of {subject}: no agent has run on it yet, or the log was removed"
        ));
    };
    if arguments.follow {
        return Ok(ShownLogs::Growing(subject));
    }
    let others = match (&arguments.name, logs.len()) {
        (None, 2..) => {
            let command = here.place.command(&format!("agent-loop logs {subject} --list"));
            format!(" (the latest of {}: {command})", logs.len())
        }
        (_, _) => String::new(),
    };
    Ok(ShownLogs::One { log, others })
}

/// Returns the subject of each active run. A run that was handed over also holds the subject that it began with, which comes
/// after its pull request.
fn running(here: &OpenRepository) -> Vec<Subject> {
    let mut processes = BTreeSet::new();
    let mut is_new =
        |subject: &Subject| here.holder(subject).is_some_and(|holder| processes.insert(holder.pid));
    here.subjects().into_iter().filter(|subject| is_new(subject)).collect()
}

/// Returns the subject to follow if none was named.
fn one_running<'a>(place: &CommandPlace, running: &'a [Subject]) -> Result<&'a Subject, String> {
    match running {
        [one] => Ok(one),
        [] => Err(format!("no run is active; list the logs with: {}", place.command("agent-loop logs"))),
        many => {
            let command = |subject| place.command(&format!("agent-loop logs {subject} --follow"));
            let commands: Vec<String> =
                many.iter().map(|subject| format!("  {}", command(subject))).collect();
            Err(format!("{} runs are active; follow one of them:\n{}", many.len(), commands.join("\n")))
        }
    }
}

/// Finds the log that a person names: a number, counted from the latest, or the beginning of a name.
fn chosen<'logs>(logs: &'logs [Log], typed: &str, subject: &Subject) -> Result<&'logs Log, String> {
    let number = typed.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    if let Some(log) = number.and_then(|index| logs.get(index)) {
        return Ok(log);
    }
    let typed = typed.strip_suffix(".log").unwrap_or(typed);
    let begins = |log: &&Log| log.name.starts_with(typed) || log.stem().starts_with(typed);
    let is_it = |log: &&Log| log.name == typed || log.stem() == typed;
    let found: Vec<&Log> = logs.iter().filter(begins).filter(|_| !typed.is_empty()).collect();
    let exact = found.iter().copied().find(is_it);
    let why = match (exact, found.as_slice()) {
        (Some(log), _) | (None, &[log]) => return Ok(log),
        (None, []) => format!("there is no log `{typed}` of {subject}; type a number or one of these names"),
        (None, many) => format!(
            "`{typed}` is ambiguous: {} logs of {subject} begin with it; type more of the name, or a number",
            many.len()
        ),
    };
    Err(format!("{why}:\n{}", list(subject, logs)))
}

fn list(subject: &Subject, logs: &[Log]) -> String {
    let Some(latest) = logs.first() else { return format!("there are no logs of {subject}\n") };
    let numbers = logs.len().to_string().len();
    let sizes = logs.iter().map(|log| bytes(log.file.bytes).len()).max().unwrap_or(0);
    let number = |text: String| format!("{text:>numbers$}");
    let heads =
        [number("#".to_owned()).as_str(), "when", "who", "round", "size", "ended", "name"].map(str::to_owned);
    let row = |(index, log): (usize, &Log)| {
        let when = Timestamp::try_from(log.file.modified).map(|when| when.to_zoned(TimeZone::system()));
        [
            number((index + 1).to_string()),
            when.map_or_else(|_| String::new(), |when| when.strftime("%F %H:%M").to_string()),
            one_line(&log.source.who(), usize::MAX),
            log.source.round(),
            format!("{:>sizes$}", bytes(log.file.bytes)),
            log.ended.clone(),
            one_line(&log.name, usize::MAX),
        ]
    };
    let rows: Vec<[String; 7]> = std::iter::once(heads).chain(logs.iter().enumerate().map(row)).collect();
    let folder = latest.file.path.parent().unwrap_or(&latest.file.path);
    let mut text = format!("{subject}\n");
    for line in columns(&rows) {
        let _ = writeln!(text, "  {line}");
    }
    let _ = writeln!(text, "  in {}", plain(&folder.to_string_lossy()));
    text
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::adapters::storage::retention::LogFile;
    use crate::cli::repository::logbook::LogSource;
    use crate::domain::agent::Role;

    fn log(name: &str, label: &str, ended: &str) -> Log {
        let subject: Subject = "pr/7".parse().unwrap();
        let path = PathBuf::from(format!("/logs/pr-7/20261121-1-2-reviewer-{label}-{name}.log"));
        let modified = SystemTime::UNIX_EPOCH + Duration::from_mins(29_921_169);
        let file = LogFile { subject, path, bytes: 53_000, modified };
        let (run, label) = ("20261121-1".to_owned(), label.to_owned());
        let source = LogSource::Turn { run, round: 2, role: Role::Reviewer, label };
        Log { file, name: name.to_owned(), source, ended: ended.to_owned() }
    }

    fn logs() -> Vec<Log> {
        vec![
            log("1b5f72f8", "two", "at work"),
            log("1c57aa29", "one", "failed (rate-limited)"),
            log("2", "x", "cut off"),
        ]
    }

    #[test]
    fn a_list_fits_a_terminal() {
        let list = list(&"pr/7".parse().unwrap(), &logs());
        assert_eq!(
            list,
            "\
pr/7
  #  when              who           round  size   ended                  name
  1  2026-11-21 14:09  reviewer two  2      53 kB  at work                1b5f72f8
  2  2026-11-21 14:09  reviewer one  2      53 kB  failed (rate-limited)  1c57aa29
  3  2026-11-21 14:09  reviewer x    2      53 kB  cut off                2
  in /logs/pr-7
"
        );
    }

    #[test]
    fn a_log_is_found_by_prefix() {
        let (logs, subject) = (logs(), "pr/7".parse().unwrap());
        let name = |typed: &str| chosen(&logs, typed, &subject).map(|log| log.name.clone());
        for (typed, found) in [
            ("1", "1b5f72f8"),
            ("2", "1c57aa29"),
            ("1c", "1c57aa29"),
            ("1b5f72f8", "1b5f72f8"),
            ("20261121-1-2-reviewer-x", "2"),
            ("20261121-1-2-reviewer-two-1b5f72f8.log", "1b5f72f8"),
        ] {
            assert_eq!(name(typed).as_deref(), Ok(found), "{typed}");
        }
        for (typed, why) in [
            ("9", "no log `9`"),
            ("0", "no log"),
            ("", "no log"),
            ("zz", "no log `zz` of pr/7"),
            ("2026", "3 logs of pr/7 begin with it"),
        ] {
            let message = name(typed).unwrap_err();
            assert!(
                message.contains(why) && message.contains("  2  2026-11-21 14:09  reviewer one"),
                "{typed}: {message}"
            );
        }
    }
}
