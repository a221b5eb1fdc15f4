//! `status`: what runs, what is parked, what was interrupted, what a person must decide, what was kept aside, and what to
//! type to go on; then the latest of what is settled. Reads the forge and the state folder, changes nothing.

use std::cmp::Reverse;
use std::fmt::Write;

use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::adapters::clock::SystemClock;
use crate::adapters::git::Kept;
use crate::cli::arguments::common::RepositoryArgs;
use crate::cli::repository::here::{Here, nothing_begun, nothing_to_show};
use crate::cli::repository::stores;
use crate::cli::repository::survey::{self, Doing, Known};
use crate::cli::surroundings::Surroundings;
use crate::cli::view::outcome;
use crate::cli::view::overview::{self, Block, Line};
use crate::domain::ids::PullRequestNumber;
use crate::domain::instant::left;
use crate::domain::item::Item;
use crate::domain::subject::Subject;
use crate::ports::clock::Clock;
use crate::ports::workspace::Workspace;
use crate::text::sanitize::{one_line, unmarked};

/// `status`
#[derive(Debug, Args)]
pub struct StatusArguments {
    /// Show only this subject: issue/N, pr/N or task/KEY
    pub subject: Option<String>,
    /// Show all settled subjects, not only the latest 5
    #[arg(long, conflicts_with = "subject")]
    pub all: bool,
    /// Print JSON: for a subject an outcome, otherwise an array of all outcomes
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub repository: RepositoryArgs,
}

/// So many of what is settled are shown, and of what was kept aside, unless all of it is wanted.
const FEW: usize = 5;
/// The room for the text of an item, in characters.
const ITEM: usize = overview::WIDTH - 4;

/// Looks, and returns what is to be printed.
pub async fn run(arguments: &StatusArguments, surroundings: &Surroundings) -> Result<String, String> {
    let here = Here::find(arguments.repository.dir.as_deref(), surroundings).await?;
    let Some(here) = here else {
        return match &arguments.subject {
            None if arguments.json => Ok("[]\n".to_owned()),
            named => nothing_to_show(named.as_deref()),
        };
    };
    let here = here.believing(surroundings).await;
    let now = SystemClock.now();
    if let Some(typed) = &arguments.subject {
        let subject = here.subject(typed)?;
        let known = survey::known(&here, subject).await;
        let known = known.ok_or_else(|| format!("{typed} is no longer on the forge"))?;
        return Ok(if arguments.json {
            format!("{}\n", as_json(&known))
        } else {
            overview::blocks(&[block(&known, &[], Extent::All, now)])
        });
    }
    let all = survey::survey(&here).await;
    if arguments.json {
        return Ok(json(&all));
    }
    let extent = if arguments.all { Extent::All } else { Extent::Few };
    let kept = aside(&kept(&here, surroundings).await?, &here, extent);
    let parts = [words(&all, extent, now), kept];
    Ok(parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n"))
}

/// How much is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    Few,
    All,
}

impl Extent {
    fn most(self) -> usize {
        match self {
            Self::Few => FEW,
            Self::All => usize::MAX,
        }
    }
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
        Doing::Parked(parking) => format!("parked until {}", parking.resets_at),
        Doing::Interrupted => "interrupted".to_owned(),
        Doing::Delivered(number) => format!("delivered as pull request {number}"),
        Doing::NeedsHuman(how) | Doing::Settled(how) => how.clone(),
        Doing::Unreadable(why) => format!("can't be read: {why}"),
    }
}

/// The same, with how long that is from now.
pub fn doing_now(known: &Known, now: Timestamp) -> String {
    match &known.doing {
        Doing::Running(holder) => match (holder.pid, holder.since) {
            (Some(pid), Some(since)) => format!("running for {} (process {pid})", left(since, now)),
            (_, _) => doing(known),
        },
        Doing::Parked(parking) if parking.is_due(now) => format!("{} (due)", doing(known)),
        Doing::Parked(parking) => format!("{} (in {})", doing(known), left(now, parking.resets_at)),
        Doing::Settled(_) => known.touched.map_or_else(
            || doing(known),
            |touched| format!("{}, {}", doing(known), overview::ago(touched, now)),
        ),
        Doing::Interrupted | Doing::NeedsHuman(_) | Doing::Delivered(_) | Doing::Unreadable(_) => {
            doing(known)
        }
    }
}

/// What a person types next, if there is something to do.
pub fn next_command(known: &Known) -> Option<String> {
    let subject = known.subject();
    match known.doing {
        Doing::Running(_) => Some(format!("agent-loop logs {subject} --follow")),
        Doing::Parked(_) | Doing::Interrupted => Some(format!("agent-loop resume {subject}")),
        Doing::NeedsHuman(_) => Some(outcome::next_command(&known.outcome)).filter(|next| !next.is_empty()),
        Doing::Delivered(_) | Doing::Settled(_) | Doing::Unreadable(_) => None,
    }
}

/// One of them as a JSON object.
pub fn as_json(known: &Known) -> Value {
    let mut value = outcome::json(&known.outcome, &next_command(known).unwrap_or_default());
    if let Value::Object(members) = &mut value {
        members.insert("message".to_owned(), json!(doing(known)));
        members.insert("doing".to_owned(), json!(state(&known.doing)));
        members.insert("title".to_owned(), json!(known.title));
        members.insert("last_activity".to_owned(), json!(known.touched));
    }
    value
}

fn state(doing: &Doing) -> &'static str {
    match doing {
        Doing::Running(_) => "running",
        Doing::Parked(_) => "parked",
        Doing::Interrupted => "interrupted",
        Doing::NeedsHuman(_) => "needs-human",
        Doing::Delivered(_) | Doing::Settled(_) => "settled",
        Doing::Unreadable(_) => "unreadable",
    }
}

/// In which order what asks for attention is shown; nothing, if it is settled.
fn rank(doing: &Doing) -> Option<u8> {
    match doing {
        Doing::Running(_) => Some(0),
        Doing::Parked(_) => Some(1),
        Doing::Interrupted => Some(2),
        Doing::NeedsHuman(_) => Some(3),
        Doing::Unreadable(_) => Some(4),
        Doing::Delivered(_) | Doing::Settled(_) => None,
    }
}

fn words(all: &[Known], extent: Extent, now: Timestamp) -> String {
    if all.is_empty() {
        return format!("{}\n", nothing_begun());
    }
    let told =
        |number: PullRequestNumber| all.iter().any(|one| *one.subject() == Subject::PullRequest(number));
    // What has become a pull request is shown with that, once.
    let is_shown = |known: &&Known| origin_of(known).is_none_or(|number| !told(number));
    let mut urgent: Vec<(u8, &Known)> =
        all.iter().filter(is_shown).filter_map(|known| Some((rank(&known.doing)?, known))).collect();
    urgent.sort_by_key(|(rank, _)| *rank);
    let blocks: Vec<Block> =
        urgent.into_iter().map(|(_, known)| block(known, &origins(all, known), extent, now)).collect();
    let mut settled: Vec<&Known> =
        all.iter().filter(is_shown).filter(|known| rank(&known.doing).is_none()).collect();
    settled.sort_by_key(|known| Reverse(known.touched));
    let mut text = overview::blocks(&blocks);
    if settled.is_empty() {
        return text;
    }
    if !blocks.is_empty() {
        text.push('\n');
    }
    let lines: Vec<Line> = settled.iter().take(extent.most()).map(|known| line(known, now)).collect();
    let _ = write!(text, "Settled, the latest first:\n{}", overview::lines(&lines));
    text + &more(settled.len(), extent)
}

/// The pull request that a task or an issue has become, if it stands or is worked on.
fn origin_of(known: &Known) -> Option<PullRequestNumber> {
    match (&known.doing, known.subject()) {
        (Doing::Delivered(number), _) => Some(*number),
        (Doing::Running(_), Subject::Task(_) | Subject::Issue(_)) => known.outcome.pull_request,
        (_, _) => None,
    }
}

/// The tasks and issues that have become this pull request.
fn origins(all: &[Known], known: &Known) -> Vec<String> {
    let Subject::PullRequest(number) = known.subject() else { return Vec::new() };
    let came = all.iter().filter(|one| origin_of(one) == Some(*number));
    came.map(|one| one.subject().to_string()).collect()
}

fn more(count: usize, extent: Extent) -> String {
    match count.saturating_sub(extent.most()) {
        0 => String::new(),
        more => format!("  and {more} more: agent-loop status --all\n"),
    }
}

fn line(known: &Known, now: Timestamp) -> Line {
    Line {
        subject: known.subject().to_string(),
        how: doing(known),
        age: known.touched.map(|touched| overview::ago(touched, now)).unwrap_or_default(),
        title: known.title.clone(),
    }
}

fn block(known: &Known, origins: &[String], extent: Extent, now: Timestamp) -> Block {
    let (outcome, subject) = (&known.outcome, known.subject().to_string());
    let mut details = Vec::new();
    details.extend((!origins.is_empty()).then(|| format!("from {}", origins.join(", "))));
    // A pull request tells that of itself.
    if matches!(outcome.subject, Subject::PullRequest(_)) || outcome.pull_request.is_none() {
        details.extend((outcome.rounds > 0).then(|| format!("round {}", outcome.rounds)));
        let vote = |vote: &crate::domain::vote::Vote| {
            [vote.agent.to_string(), vote.state.name().to_owned(), vote.head.short().to_owned()]
        };
        details.extend(overview::columns(&outcome.votes.iter().map(vote).collect::<Vec<_>>()));
        let open: Vec<&Item> = outcome.open_items().collect();
        details.extend(open.iter().take(extent.most()).map(|open| item(open)));
        let more = open.len().saturating_sub(extent.most());
        details.extend((more > 0).then(|| format!("and {more} more: agent-loop status {subject}")));
    }
    details.extend(next_command(known));
    Block { doing: doing_now(known, now), title: known.title.clone(), details, subject }
}

fn item(item: &Item) -> String {
    let start = format!("{} ({}) ", item.id, item.standing.name());
    let room = ITEM.saturating_sub(start.chars().count());
    format!("{start}{}", unmarked(&one_line(&item.text, room)))
}

/// What unfinished turns left.
async fn kept(here: &Here, surroundings: &Surroundings) -> Result<Vec<Kept>, String> {
    if !here.folders.mirror().exists() {
        return Ok(Vec::new());
    }
    let workspace = stores::workspace(&here.folders, &here.repository, &surroundings.variables);
    workspace.refresh().await.map_err(|error| error.to_string())?;
    workspace.kept().await.map_err(|error| error.to_string())
}

fn aside(kept: &[Kept], here: &Here, extent: Extent) -> String {
    if kept.is_empty() {
        return String::new();
    }
    let mut text = String::from("Unfinished work, kept aside:\n");
    for kept in kept.iter().take(extent.most()) {
        let start = format!("  {}  {}  ", kept.subject, kept.salvage.commit.short());
        let room = overview::WIDTH.saturating_sub(start.chars().count());
        let command = kept.command(&here.folders.mirror(), &here.repository.path);
        let _ = writeln!(text, "{start}{}\n    {command}", one_line(&kept.title, room));
    }
    text + &more(kept.len(), extent)
}
