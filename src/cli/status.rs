//! `status`: what runs, what is parked, what was interrupted, what was kept aside. Reads the forge and the state folder,
//! changes nothing.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::adapters::local::LocalForge;
use crate::adapters::state::folders::Folders;
use crate::adapters::state::journals::{self, FileJournals};
use crate::adapters::state::lock;
use crate::domain::ending::Ending;
use crate::domain::ids::{IssueNumber, PullRequestNumber};
use crate::domain::pull_request::PullRequestState;
use crate::domain::subject::Subject;
use crate::engine::observe;
use crate::engine::outcome::Outcome;
use crate::flow::delivery::state::DeliveryState;
use crate::flow::review::state::ReviewState;
use crate::ledger::chain::Chain;
use crate::ledger::record::Flow;
use crate::ports::forge::{Comment, Forge};
use crate::ports::journal::Entry;
use crate::ports::workspace::Workspace;
use crate::text::neutral::one_line;

use super::arguments::StatusArguments;
use super::outcome;
use super::repository::Repository;
use super::surroundings::Surroundings;
use super::wiring;

/// What is known of a subject.
struct Row {
    outcome: Outcome,
    /// What is happening: `running`, `parked`, `interrupted`, or how it ended.
    doing: String,
}

/// Looks, and returns what is to be printed.
///
/// # Errors
/// When there is no repository, or the subject is not known; the text says what to type.
pub async fn run(arguments: &StatusArguments, surroundings: &Surroundings) -> Result<String, String> {
    let folder = arguments
        .dir
        .as_ref()
        .map_or_else(|| surroundings.folder.clone(), |dir| surroundings.folder.join(dir));
    let repository = Repository::find(&folder, &surroundings.variables).await?;
    let forge = wiring::forge(&repository, surroundings)?;
    let folders = wiring::folders(forge.store(), &repository, surroundings);
    let mut rows = Vec::new();
    for subject in known_subjects(&folders) {
        if arguments.subject.as_ref().is_none_or(|wanted| *wanted == subject) {
            rows.extend(row(&forge, &repository, &folders, subject).await?);
        }
    }
    if let Some(wanted) = &arguments.subject
        && rows.is_empty()
    {
        return Err(format!(
            "nothing is known of {wanted} on this machine; `agent-loop status` shows what is"
        ));
    }
    if arguments.json {
        let all: Vec<Value> = rows.iter().map(as_json).collect();
        let value = match (&arguments.subject, all.as_slice()) {
            (Some(_), [one]) => one.clone(),
            (_, all) => json!(all),
        };
        return Ok(format!("{value}\n"));
    }
    Ok(words(&rows) + &salvage(&folders, &repository, surroundings).await?)
}

/// The subjects that have a folder in the state folder, pull requests first.
fn known_subjects(folders: &Folders) -> Vec<Subject> {
    let entries = std::fs::read_dir(folders.subjects()).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut subjects: Vec<Subject> =
        names.filter_map(|name| name.replacen('-', "/", 1).parse().ok()).collect();
    subjects.sort_by_key(|subject| match subject {
        Subject::PullRequest(number) => (0, number.0, String::new()),
        Subject::Issue(number) => (1, number.0, String::new()),
        Subject::Task(key) => (2, 0, key.to_string()),
    });
    subjects
}

async fn row(
    forge: &LocalForge,
    repository: &Repository,
    folders: &Folders,
    subject: Subject,
) -> Result<Option<Row>, String> {
    let holder = lock::who_holds(&FileJournals::lock_path(&wiring::locks(repository), &subject));
    let bare = |ending, message: &str| Outcome::bare(subject.clone(), ending, message.to_owned());
    let (outcome, settled) = match &subject {
        Subject::PullRequest(number) => match review(forge, *number).await? {
            Some(found) => found,
            None => return Ok(None),
        },
        Subject::Issue(number) => (bare(Ending::Interrupted, ""), issue_settled(forge, *number).await?),
        Subject::Task(_) => (bare(Ending::Interrupted, ""), task_settled(forge, folders, &subject).await?),
    };
    let doing = match (holder, settled) {
        (Some(holder), _) => match (holder.pid, holder.since) {
            (Some(pid), Some(since)) => format!("running (process {pid}, since {since})"),
            (_, _) => "running".to_owned(),
        },
        (None, Some(settled)) => settled,
        (None, None) => "interrupted; run the same command again to go on".to_owned(),
    };
    Ok(Some(Row { outcome, doing }))
}

async fn review(
    forge: &LocalForge,
    number: PullRequestNumber,
) -> Result<Option<(Outcome, Option<String>)>, String> {
    let Ok(pull_request) = forge.pull_request(number).await else {
        return Ok(None);
    };
    let comments = forge.comments(number).await.map_err(|error| error.to_string())?;
    let subject = Subject::PullRequest(number);
    let records = records(forge, Flow::Review, &subject, &comments);
    let state = ReviewState::fold(&records);
    let ending = state.run.as_ref().and_then(|run| run.ending.clone());
    let mut outcome = Outcome::bare(subject, ending.clone().unwrap_or(Ending::Interrupted), String::new())
        .with_review(&state, Some(&pull_request.head));
    outcome.pull_request = Some(number);
    let settled = match (&ending, &pull_request.state) {
        (Some(Ending::Parked { resets_at }), _) => Some(format!("parked until {resets_at}")),
        (Some(Ending::Approved), _) if state.head.as_ref() != Some(&pull_request.head) => {
            Some("approved an older head".to_owned())
        }
        (Some(ending), _) => Some(match ending.reason() {
            Some(reason) => format!("{} ({reason})", ending.status()),
            None => ending.status().to_owned(),
        }),
        (None, PullRequestState::Open) => None,
        (None, PullRequestState::Closed) => Some("closed".to_owned()),
        (None, PullRequestState::Merged { .. }) => Some("merged".to_owned()),
    };
    Ok(Some((outcome, settled)))
}

async fn issue_settled(forge: &LocalForge, number: IssueNumber) -> Result<Option<String>, String> {
    let Ok(issue) = forge.issue(number).await else {
        return Ok(Some("gone".to_owned()));
    };
    let subject = Subject::Issue(number);
    let state = DeliveryState::fold(&records(forge, Flow::Delivery, &subject, &issue.comments));
    if let Some(delivered) = state.delivered {
        return Ok(Some(format!("delivered as pull request {delivered}")));
    }
    Ok(state.run.and_then(|run| run.ending).map(|ending| ending.status().to_owned()))
}

/// A task's records live in its journal until its pull request stands.
async fn task_settled(
    forge: &LocalForge,
    folders: &Folders,
    subject: &Subject,
) -> Result<Option<String>, String> {
    let path = folders.subject(subject).join("journal.jsonl");
    let text = std::fs::read(&path).unwrap_or_default();
    let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let entries =
        journals::parse(text.get(..whole).unwrap_or_default(), &path).map_err(|error| error.to_string())?;
    let bodies: Vec<String> = entries
        .into_iter()
        .filter_map(|entry| match entry {
            Entry::Record { body } => Some(body),
            Entry::Attempt { .. }
            | Entry::Finished { .. }
            | Entry::Clarified { .. }
            | Entry::Measured { .. }
            | Entry::Inherited { .. } => None,
        })
        .collect();
    let chain = Chain { repository: forge.repository_id(), flow: Flow::Delivery, subject: subject.clone() };
    let state = DeliveryState::fold(&observe::read_local(&chain, &forge.login(), &bodies).records);
    let Some(run) = state.run else { return Ok(Some("not begun".to_owned())) };
    let from_branch = forge.pull_requests_from(&run.branch).await.map_err(|error| error.to_string())?;
    let delivered = from_branch.last().map(|found| format!("delivered as pull request {}", found.number));
    Ok(delivered.or_else(|| run.ending.map(|ending| ending.status().to_owned())))
}

fn records(
    forge: &LocalForge,
    flow: Flow,
    subject: &Subject,
    comments: &[Comment],
) -> Vec<crate::ledger::record::Record> {
    let chain = Chain { repository: forge.repository_id(), flow, subject: subject.clone() };
    observe::read(&chain, &forge.login(), comments).records
}

fn as_json(row: &Row) -> Value {
    let mut value = outcome::json(&row.outcome, "");
    if let Value::Object(members) = &mut value {
        members.insert("message".to_owned(), json!(row.doing));
    }
    value
}

fn words(rows: &[Row]) -> String {
    if rows.is_empty() {
        return "Nothing was begun in this repository yet; `agent-loop task --help` says how.\n".to_owned();
    }
    let mut text = String::new();
    for row in rows {
        let outcome = &row.outcome;
        let _ = writeln!(text, "{}  {}", outcome.subject, row.doing);
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
    }
    text
}

async fn salvage(
    folders: &Folders,
    repository: &Repository,
    surroundings: &Surroundings,
) -> Result<String, String> {
    if !folders.mirror().exists() {
        return Ok(String::new());
    }
    let workspace = wiring::workspace(folders, repository, &surroundings.variables);
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
            kept.command(workspace.mirror(), &repository.path)
        );
    }
    Ok(text)
}
