//! `usage`: shows the cost of the runs in this repository, from journals and from summaries of removed ones.

use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::adapters::storage::journals;
use crate::cli::arguments::common::KnownRepositoryArgs;
use crate::cli::arguments::numbers;
use crate::cli::repository::open::{OpenRepository, nothing_to_show};
use crate::cli::surroundings::Surroundings;
use crate::cli::usage::forge_calls;
use crate::cli::usage::kept;
use crate::cli::usage::summary::{RunCost, summaries};
use crate::cli::usage::table::table;
use crate::cli::view::print;
use crate::domain::subject::Subject;
use crate::ports::journal::Entry;

/// `usage`
#[derive(Debug, Args)]
pub struct UsageArguments {
    /// Show only the runs of this subject: 7, pr/7, issue/7, task/KEY or a URL
    pub subject: Option<String>,
    /// Print the summaries as a JSON array
    #[arg(long)]
    pub json: bool,
    /// Count only calls that ended on this day (UTC) or later: 2026-11-21, or an instant such as 2026-11-21T08:00:00+01:00
    #[arg(long, value_name = "DATE", value_parser = instant)]
    pub since: Option<Timestamp>,
    #[command(flatten)]
    pub repository: KnownRepositoryArgs,
}

fn instant(text: &str) -> Result<Timestamp, String> {
    let midnight = |date: Date| date.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp()).ok();
    let day = text.len() == 10;
    let date = day.then(|| text.parse().ok().and_then(midnight)).flatten();
    date.or_else(|| text.parse().ok())
        .ok_or_else(|| format!("`{text}` is not a date; type one such as 2026-11-21 or 2026-11-21T08:00:00Z"))
}

/// Returns the text to print.
pub async fn run(arguments: &UsageArguments, surroundings: &Surroundings) -> Result<String, String> {
    let here = OpenRepository::of(&arguments.repository, arguments.subject.as_deref(), surroundings).await?;
    let Some(here) = here else {
        return match &arguments.subject {
            None if arguments.json => Ok("[]\n".to_owned()),
            named => nothing_to_show(named.as_deref()),
        };
    };
    // A run continues in the journal of its pull request, so all journals are read even for one subject.
    let (journals, unreadable) = read(&here);
    let (kept, odd) = kept::read(&here.folders);
    let all = kept::with(summaries(&journals), kept);
    let only = arguments.subject.as_deref().map(|typed| named(&here, &all, typed)).transpose()?;
    let mut all = chosen(all, only.as_ref(), arguments.since);
    for cost in &mut all {
        cost.forge_calls = forge_calls::read(&here.folders, &cost.run);
    }
    for (subject, why) in &unreadable {
        print::talk(&format!("! cannot read {subject}: {why}\n"));
    }
    for why in odd {
        print::talk(&format!("! {why}\n"));
    }
    if arguments.json {
        let broken = unreadable.iter().map(|(subject, why)| {
            json!({ "schema": "agent-loop/usage/1", "subjects": [subject], "unreadable": why })
        });
        let all = all.iter().map(RunCost::json).chain(broken).collect();
        return Ok(format!("{}\n", Value::Array(all)));
    }
    if all.is_empty() {
        return Ok("no calls of agents\n".to_owned());
    }
    Ok(table(&all))
}

/// Parses a subject, whose journal may have been removed.
fn named(here: &OpenRepository, all: &[RunCost], typed: &str) -> Result<Subject, String> {
    let reference = numbers::subject(typed);
    let is_it = |subject: &&&Subject| reference.as_ref().is_ok_and(|reference| reference.is(subject));
    let subjects: Vec<&Subject> = all.iter().flat_map(|summary| summary.subjects()).collect();
    subjects.iter().find(is_it).map_or_else(|| here.subject(typed), |counted| Ok((*counted).clone()))
}

/// The entries of a subject's journal.
type SubjectEntries = (Subject, Vec<Entry>);

fn read(here: &OpenRepository) -> (Vec<SubjectEntries>, Vec<(Subject, String)>) {
    let (mut readable, mut unreadable) = (Vec::new(), Vec::new());
    for subject in here.subjects() {
        match journals::read(&here.folders.journal(&subject)) {
            Ok(entries) => readable.push((subject, entries)),
            Err(error) => unreadable.push((subject, error.to_string())),
        }
    }
    (readable, unreadable)
}

/// Selects the runs of a subject and the calls since an instant.
fn chosen(all: Vec<RunCost>, only: Option<&Subject>, since: Option<Timestamp>) -> Vec<RunCost> {
    let is_about = |summary: &RunCost| only.is_none_or(|subject| summary.subjects().contains(&subject));
    let mut all: Vec<RunCost> = all.into_iter().filter(is_about).collect();
    for summary in &mut all {
        summary.calls.retain(|call| since.is_none_or(|since| call.at >= since));
    }
    all.retain(|summary| !summary.calls.is_empty());
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::usage::summary::tests::scene;

    #[test]
    fn a_date_is_a_midnight() {
        assert_eq!(instant("2026-11-21").unwrap().to_string(), "2026-11-21T00:00:00Z");
        assert_eq!(instant("2026-11-21T08:00:00+01:00").unwrap().to_string(), "2026-11-21T07:00:00Z");
        for bad in ["", "yesterday", "2026-13-01", "21.11.2026"] {
            assert!(instant(bad).unwrap_err().contains("is not a date"), "{bad}");
        }
    }

    #[test]
    fn a_run_is_found_by_subject() {
        let subject = |text: &str| text.parse::<Subject>().unwrap();
        let calls = |only: Option<&str>, since: i64| -> usize {
            let since = Timestamp::from_second(since).unwrap();
            let all = chosen(summaries(&scene()), only.map(subject).as_ref(), Some(since));
            all.iter().map(|summary| summary.calls.len()).sum()
        };
        assert_eq!((calls(Some("issue/1"), 0), calls(Some("pr/2"), 0), calls(None, 0)), (3, 3, 3));
        assert_eq!((calls(Some("pr/3"), 0), calls(None, 4), calls(None, 7)), (0, 2, 0));
    }
}
