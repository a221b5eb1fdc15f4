//! `status`: what runs, what is parked, what was interrupted, what was kept aside, and what to type to go on. Reads the
//! forge and the state folder, changes nothing.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::cli::arguments::StatusArguments;
use crate::cli::repository::here::{Here, nothing_begun};
use crate::cli::repository::stores;
use crate::cli::repository::survey::{self, Doing, Known};
use crate::cli::surroundings::Surroundings;
use crate::cli::view::outcome;
use crate::domain::subject::Subject;
use crate::ports::workspace::Workspace;
use crate::text::sanitize::one_line;

/// Looks, and returns what is to be printed.
///
/// # Errors
/// When there is no repository, or the subject is not known; the text says what to type.
pub async fn run(arguments: &StatusArguments, surroundings: &Surroundings) -> Result<String, String> {
    let here = Here::find(arguments.place.dir.as_deref(), surroundings).await?;
    let Some(here) = here else {
        return match (&arguments.subject, arguments.json) {
            (Some(_), _) => Err(nothing_begun()),
            (None, true) => Ok("[]\n".to_owned()),
            (None, false) => Ok(format!("{}\n", nothing_begun())),
        };
    };
    let here = here.believing(surroundings).await;
    if let Some(typed) = &arguments.subject {
        let subject = here.subject(typed)?;
        let known = survey::known(&here, subject).await;
        let known = known.ok_or_else(|| format!("{typed} is no longer on the forge"))?;
        return Ok(if arguments.json { format!("{}\n", as_json(&known)) } else { words(&[known]) });
    }
    let all = survey::survey(&here).await;
    if arguments.json {
        return Ok(json(&all));
    }
    Ok(words(&all) + &salvage(&here, surroundings).await?)
}

/// All of it as one JSON array.
pub fn json(all: &[Known]) -> String {
    format!("{}\n", Value::Array(all.iter().map(as_json).collect()))
}

/// What happens with a subject, in words.
pub fn doing(known: &Known) -> String {
    match &known.doing {
        Doing::Running(holder) => match (holder.pid, holder.since) {
            (Some(pid), Some(since)) => format!("running (process {pid}, since {since})"),
            (_, _) => "running".to_owned(),
        },
        Doing::Parked { resets_at } => format!("parked until {resets_at}"),
        Doing::Interrupted => "interrupted".to_owned(),
        Doing::Settled(how) => how.clone(),
        Doing::Unreadable(why) => format!("can't be read: {why}"),
    }
}

/// What a person types next, if there is something to do.
pub fn next_command(known: &Known) -> Option<String> {
    let subject = known.subject();
    match known.doing {
        Doing::Running(_) => Some(format!("agent-loop logs {subject} --follow")),
        Doing::Parked { .. } | Doing::Interrupted => Some(format!("agent-loop resume {subject}")),
        Doing::Settled(_) | Doing::Unreadable(_) => None,
    }
}

/// One of them as a JSON object.
pub fn as_json(known: &Known) -> Value {
    let mut value = outcome::json(&known.outcome, &next_command(known).unwrap_or_default());
    if let Value::Object(members) = &mut value {
        members.insert("message".to_owned(), json!(doing(known)));
        members.insert("doing".to_owned(), json!(state(&known.doing)));
    }
    value
}

fn state(doing: &Doing) -> &'static str {
    match doing {
        Doing::Running(_) => "running",
        Doing::Parked { .. } => "parked",
        Doing::Interrupted => "interrupted",
        Doing::Settled(_) => "settled",
        Doing::Unreadable(_) => "unreadable",
    }
}

fn words(all: &[Known]) -> String {
    if all.is_empty() {
        return format!("{}\n", nothing_begun());
    }
    let mut text = String::new();
    for known in all {
        let outcome = &known.outcome;
        let _ = writeln!(text, "{}  {}", outcome.subject, doing(known));
        if !matches!(outcome.subject, Subject::PullRequest(_)) && outcome.pull_request.is_some() {
            // The pull request has a row of its own.
            continue;
        }
        if outcome.rounds > 0 {
            let _ = writeln!(text, "    round {}", outcome.rounds);
        }
        for vote in &outcome.votes {
            let _ = writeln!(text, "    {} {} {}", vote.agent, vote.state.name(), vote.head.short());
        }
        for item in outcome.open_items() {
            let _ =
                writeln!(text, "    {} ({}) {}", item.id, item.standing.name(), one_line(&item.text, 100));
        }
        if let Some(next) = next_command(known) {
            let _ = writeln!(text, "    {next}");
        }
    }
    text
}

async fn salvage(here: &Here, surroundings: &Surroundings) -> Result<String, String> {
    if !here.folders.mirror().exists() {
        return Ok(String::new());
    }
    let workspace = stores::workspace(&here.folders, &here.repository, &surroundings.variables);
    workspace.refresh().await.map_err(|error| error.to_string())?;
    let kept = workspace.kept().await.map_err(|error| error.to_string())?;
    let mut text = String::new();
    for kept in kept {
        let _ = writeln!(
            text,
            "kept aside from {}: {} {}\n    {}",
            kept.subject,
            kept.salvage.commit.short(),
            one_line(&kept.title, 80),
            kept.command(workspace.mirror(), &here.repository.path)
        );
    }
    Ok(text)
}
