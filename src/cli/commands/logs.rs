//! `logs`: what agents and tests print, as it was printed, or as it comes.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use crate::adapters::process::output::tail::plain;
use crate::adapters::process::time;
use crate::adapters::state::folders::Folders;
use crate::adapters::state::retention::{self, LogFile};
use crate::adapters::state::run_file::RunFile;
use crate::cli::arguments::LogsArguments;
use crate::cli::repository::here::{Here, nothing_begun};
use crate::cli::surroundings::Surroundings;
use crate::cli::view::print;
use crate::domain::subject::Subject;

/// How often a growing log is looked at.
const LOOK: Duration = Duration::from_millis(200);
/// The longest line that is shown, in bytes: a log may hold a gigabyte without a line feed.
const LONGEST_LINE: u64 = 64 << 10;

/// Prints logs.
///
/// # Errors
/// When there are none; the text says what to type.
pub async fn run(arguments: &LogsArguments, surroundings: &Surroundings) -> Result<(), String> {
    let here = Here::find(arguments.place.dir.as_deref(), surroundings).await?.ok_or_else(nothing_begun)?;
    let Some(typed) = &arguments.subject else {
        print::result(&list(&all(&here, &here.subjects())));
        return Ok(());
    };
    let subject = here.subject(typed)?;
    if arguments.list {
        print::result(&list(&all(&here, &[subject])));
        return Ok(());
    }
    let latest = all(&here, std::slice::from_ref(&subject)).pop();
    if latest.is_none() && !(arguments.follow && here.holder(&subject).is_some()) {
        return Err(format!(
            "there is no log of {subject}: no agent has printed anything yet, or it was removed"
        ));
    }
    if arguments.follow {
        follow(&here, &subject).await
    } else {
        show(&latest.map(|log| log.path).unwrap_or_default())
    }
}

/// The logs of subjects, where each subject's own command put them.
fn all(here: &Here, subjects: &[Subject]) -> Vec<LogFile> {
    let folders = |subject: &Subject| -> Folders {
        let file = RunFile::load(&here.folders.run_file(subject)).unwrap_or_default();
        let moved = file.flags.get("paths.logs").and_then(toml::Value::as_str).map(PathBuf::from);
        here.folders.clone().with_logs(moved.as_deref())
    };
    let mut logs: Vec<LogFile> = subjects
        .iter()
        .flat_map(|subject| retention::logs(&folders(subject), std::slice::from_ref(subject)))
        .collect();
    // Summaries of what runs cost lie there too.
    logs.retain(|log| log.path.extension().is_some_and(|ending| ending == "log"));
    logs.sort_by_key(|log| log.modified);
    logs
}

fn list(logs: &[LogFile]) -> String {
    if logs.is_empty() {
        return "there are no logs\n".to_owned();
    }
    let mut text = String::new();
    for log in logs {
        let when = Timestamp::try_from(log.modified)
            .map_or_else(|_| String::new(), |when| when.strftime("%F %T").to_string());
        let _ = writeln!(text, "{when}  {:>9}  {}  {}", bytes(log.bytes), log.subject, log.path.display());
    }
    text
}

/// A size as people say it.
pub fn bytes(count: u64) -> String {
    match count {
        0..1_000 => format!("{count} B"),
        1_000..1_000_000 => format!("{} kB", count / 1_000),
        _ => format!("{} MB", count / 1_000_000),
    }
}

fn open(path: &Path) -> Result<BufReader<File>, String> {
    File::open(path).map(BufReader::new).map_err(|error| format!("{} can't be read: {error}", path.display()))
}

fn show(path: &Path) -> Result<(), String> {
    print::talk(&format!("==> {}\n", path.display()));
    let mut log = open(path)?;
    while next(&mut log) {}
    Ok(())
}

/// Prints the next line without what could command a terminal; false at the end.
fn next(log: &mut BufReader<File>) -> bool {
    use std::io::Read;
    let mut line = Vec::new();
    let read = log.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line);
    let is_there = read.is_ok_and(|count| count > 0);
    if is_there {
        print::result(&format!("{}\n", plain(&String::from_utf8_lossy(&line))));
    }
    is_there
}

/// Prints the latest log as it grows, then the next one, until nobody works on the subject any more.
async fn follow(here: &Here, subject: &Subject) -> Result<(), String> {
    let mut shown: Option<(PathBuf, BufReader<File>)> = None;
    loop {
        let works = here.holder(subject).is_some();
        if let Some((_, log)) = &mut shown {
            while next(log) {}
        }
        let latest = all(here, std::slice::from_ref(subject)).pop().map(|log| log.path);
        let is_new = latest.is_some() && latest.as_ref() != shown.as_ref().map(|(path, _)| path);
        if let (true, Some(path)) = (is_new, latest) {
            print::talk(&format!("==> {}\n", path.display()));
            let log = open(&path)?;
            shown = Some((path, log));
            continue;
        }
        if !works {
            print::talk(&format!("nobody works on {subject} any more\n"));
            return Ok(());
        }
        time::wait(LOOK).await;
    }
}
