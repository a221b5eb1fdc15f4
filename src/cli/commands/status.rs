//! `status`: what waits for a person, with the command for it; then active and parked runs, the latest settled subjects, and
//! unfinished work that was kept. Reads the forge and the state folder, changes nothing.

use std::cmp::Reverse;
use std::fmt::Write;

use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::adapters::clock::SystemClock;
use crate::cli::arguments::common::KnownRepositoryArgs;
use crate::cli::repository::open::{OpenRepository, nothing_begun, nothing_to_show};
use crate::cli::repository::parts::KnownPart;
use crate::cli::repository::saved::{SavedWork, saved_work};
use crate::cli::repository::survey::{self, SubjectState, SubjectSummary};
use crate::cli::repository::surveyed;
use crate::cli::surroundings::Surroundings;
use crate::cli::view::amounts::until;
use crate::cli::view::brief;
use crate::cli::view::overview::{self, Block, SettledLine};
use crate::cli::view::paint::Paint;
use crate::cli::view::place::CommandPlace;
use crate::cli::view::{outcome, print};
use crate::domain::ending::{Ending, Parked};
use crate::domain::ids::PullRequestNumber;
use crate::domain::instant::{time_until, utc};
use crate::domain::item::Item;
use crate::domain::phase::PhaseProgress;
use crate::domain::subject::Subject;
use crate::ports::clock::Clock;
use crate::text::sanitize::{one_line, unmarked};

/// `status`
#[derive(Debug, Args)]
pub struct StatusArguments {
    /// Show only this subject: 7, pr/7, issue/7, task/KEY or a URL
    pub subject: Option<String>,
    /// Show all settled subjects, not only the latest 5, and all saved work
    #[arg(long, conflicts_with = "subject")]
    pub all: bool,
    /// Print JSON: one outcome for a subject, otherwise an array of all outcomes
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub repository: KnownRepositoryArgs,
}

/// The default number of settled subjects and of saved work.
const FEW: usize = 5;
/// The maximum length of an item's text, in characters.
const ITEM: usize = 200;

/// Returns the text to print.
pub async fn run(arguments: &StatusArguments, surroundings: &Surroundings) -> Result<String, String> {
    let here = OpenRepository::of(&arguments.repository, arguments.subject.as_deref(), surroundings).await?;
    let Some(here) = here else {
        return match &arguments.subject {
            None if arguments.json => Ok("[]\n".to_owned()),
            named => nothing_to_show(named.as_deref()),
        };
    };
    let (now, paint) = (SystemClock.now(), Paint::of_results(&surroundings.variables));
    let style = |length| ListStyle { length, paint, place: &here.place };
    if let Some(typed) = &arguments.subject {
        let subject = here.subject(typed)?;
        let known = survey::known(&here, subject).await;
        let known = known.ok_or_else(|| format!("{typed} is no longer on the forge"))?;
        return Ok(if arguments.json {
            format!("{}\n", as_json(&known, &here.place))
        } else {
            overview::blocks(
                &[block(&known, &[], style(ListLength::OneSubject), now)],
                print::result_width(),
                paint,
            )
        });
    }
    if arguments.json {
        return Ok(json(&survey::survey(&here).await, &here.place));
    }
    let length = if arguments.all { ListLength::All } else { ListLength::Few };
    let style = style(length);
    // git lists the saved work while the threads are read.
    let (saved, all) = tokio::join!(saved_work(&here), survey::survey(&here));
    let saved = match saved {
        Ok(mut saved) => {
            // The change of a run that succeeded has replaced the work.
            saved.retain(|work| arguments.all || !surveyed::has_succeeded(&all, &work.subject));
            aside(&saved, &here, style)
        }
        Err(why) => format!("{why}\n"),
    };
    let parts = [text(&all, style, now), saved];
    Ok(parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n"))
}

/// The format of the list.
#[derive(Debug, Clone, Copy)]
struct ListStyle<'place> {
    length: ListLength,
    paint: Paint,
    place: &'place CommandPlace,
}

/// The extent of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ListLength {
    Few,
    All,
    /// One subject, with the whole text of each finding.
    OneSubject,
}

impl ListLength {
    fn most(self) -> usize {
        match self {
            Self::Few => FEW,
            Self::All | Self::OneSubject => usize::MAX,
        }
    }
}

/// Returns all subjects as one JSON array.
fn json(all: &[SubjectSummary], place: &CommandPlace) -> String {
    format!("{}\n", Value::Array(all.iter().map(|known| as_json(known, place)).collect()))
}

/// Describes the state of a subject.
pub fn describe(known: &SubjectSummary) -> String {
    match &known.state {
        SubjectState::Running(holder) => match (holder.pid, holder.since) {
            (Some(pid), Some(since)) => format!("running (process {pid}, since {})", utc(since)),
            (_, _) => "running".to_owned(),
        },
        SubjectState::Parked(parking) => format!("parked until {}", parking.until()),
        SubjectState::Interrupted => "interrupted".to_owned(),
        SubjectState::Delivered(number) => format!("delivered as pull request {number}"),
        SubjectState::NeedsHuman(how) | SubjectState::Settled(how) => how.clone(),
        SubjectState::Unreadable(why) => format!("cannot be read: {why}"),
    }
}

/// Describes the state, with the time until a quota resets.
pub fn describe_now(known: &SubjectSummary, now: Timestamp) -> String {
    match &known.state {
        SubjectState::Running(holder) => match (holder.pid, holder.since) {
            (Some(pid), Some(since)) => format!("running for {} (process {pid})", time_until(since, now)),
            (_, _) => describe(known),
        },
        SubjectState::Parked(parking) if parking.is_due(now) => "parked, can be resumed now".to_owned(),
        SubjectState::Parked(parking) => {
            let guess =
                if parking.reason == Parked::QuotaUnknown { "; the reset time is a guess" } else { "" };
            format!("parked, can be resumed {}{guess}", until(now, parking.resets_at))
        }
        SubjectState::Settled(_) => known.touched.map_or_else(
            || describe(known),
            |touched| format!("{}, {}", describe(known), overview::ago(touched, now)),
        ),
        SubjectState::Interrupted
        | SubjectState::NeedsHuman(_)
        | SubjectState::Delivered(_)
        | SubjectState::Unreadable(_) => describe(known),
    }
}

/// Returns the next command for a person, if there is one.
pub fn next_command(known: &SubjectSummary) -> Option<String> {
    let subject = &known.subject;
    match known.state {
        SubjectState::Running(_) => Some(format!("agent-loop logs {subject} --follow")),
        SubjectState::Parked(_) | SubjectState::Interrupted => Some(format!("agent-loop resume {subject}")),
        SubjectState::NeedsHuman(_) => {
            Some(outcome::next_command(&known.outcome)).filter(|next| !next.is_empty())
        }
        SubjectState::Delivered(_) | SubjectState::Settled(_) | SubjectState::Unreadable(_) => None,
    }
}

/// Returns a subject as JSON.
pub fn as_json(known: &SubjectSummary, place: &CommandPlace) -> Value {
    let next = next_command(known).map(|next| place.command(&next));
    let mut value = outcome::json(&known.outcome, &next.unwrap_or_default());
    if let Value::Object(members) = &mut value {
        members.insert("message".to_owned(), json!(describe(known)));
        members.insert("doing".to_owned(), json!(state(&known.state)));
        members.insert("title".to_owned(), json!(known.title));
        members.insert("last_activity".to_owned(), json!(known.touched));
        if !known.phases.is_empty() {
            members.insert("phases".to_owned(), known.phases.iter().map(part_json).collect());
        }
    }
    value
}

fn part_json(KnownPart { phase, progress, .. }: &KnownPart) -> Value {
    let blocked_by = match progress {
        PhaseProgress::Blocked(issues) => issues.as_slice(),
        PhaseProgress::Done
        | PhaseProgress::Dropped
        | PhaseProgress::ForPerson
        | PhaseProgress::InProgress
        | PhaseProgress::Ready => &[],
    };
    json!({
        "number": phase.number,
        "issue": phase.issue,
        "title": phase.title,
        "automation": phase.automation,
        "state": progress.words(),
        "blocked_by": blocked_by,
    })
}

fn state(state: &SubjectState) -> &'static str {
    match state {
        SubjectState::Running(_) => "running",
        SubjectState::Parked(_) => "parked",
        SubjectState::Interrupted => "interrupted",
        SubjectState::NeedsHuman(_) => "ended",
        SubjectState::Delivered(_) | SubjectState::Settled(_) => "settled",
        SubjectState::Unreadable(_) => "unreadable",
    }
}

/// A section of the list, in the order of the sections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum StatusSection {
    Waiting,
    Running,
    Parked,
    Settled,
}

impl StatusSection {
    fn of(state: &SubjectState) -> Self {
        match state {
            SubjectState::NeedsHuman(_) | SubjectState::Interrupted | SubjectState::Unreadable(_) => {
                Self::Waiting
            }
            SubjectState::Running(_) => Self::Running,
            SubjectState::Parked(_) => Self::Parked,
            SubjectState::Delivered(_) | SubjectState::Settled(_) => Self::Settled,
        }
    }

    fn heading(self) -> &'static str {
        match self {
            Self::Waiting => "Waiting for you:",
            Self::Running => "Running:",
            Self::Parked => "Parked:",
            Self::Settled => "Settled, latest first:",
        }
    }
}

fn text(all: &[SubjectSummary], style: ListStyle<'_>, now: Timestamp) -> String {
    let ListStyle { length, paint, .. } = style;
    if all.is_empty() {
        return format!("{}\n", nothing_begun());
    }
    let told = |number: PullRequestNumber| all.iter().any(|one| one.subject == Subject::PullRequest(number));
    // A subject with a pull request is shown once, as the pull request.
    let is_shown = |known: &&SubjectSummary| origin_of(known).is_none_or(|number| !told(number));
    let of = |section: StatusSection| -> Vec<&SubjectSummary> {
        all.iter().filter(is_shown).filter(|known| StatusSection::of(&known.state) == section).collect()
    };
    let mut parts = Vec::new();
    for section in [StatusSection::Waiting, StatusSection::Running, StatusSection::Parked] {
        let blocks: Vec<Block> =
            of(section).into_iter().map(|known| block(known, &origins(all, known), style, now)).collect();
        if !blocks.is_empty() {
            parts.push(format!(
                "{}\n\n{}",
                paint.strong(section.heading()),
                overview::blocks(&blocks, print::result_width(), paint)
            ));
        }
    }
    let mut settled = of(StatusSection::Settled);
    settled.sort_by_key(|known| Reverse(known.touched));
    if !settled.is_empty() {
        let lines: Vec<SettledLine> =
            settled.iter().take(length.most()).map(|known| line(known, now)).collect();
        let lines = overview::lines(&lines, print::result_width());
        let heading = paint.strong(StatusSection::Settled.heading());
        parts.push(format!("{heading}\n{lines}{}", more(settled.len(), style)));
    }
    parts.join("\n")
}

/// Returns the pull request of a task or issue, if it exists.
fn origin_of(known: &SubjectSummary) -> Option<PullRequestNumber> {
    match (&known.state, &known.subject) {
        (SubjectState::Delivered(number), _) => Some(*number),
        (SubjectState::Running(_), Subject::Task(_) | Subject::Issue(_)) => known.outcome.view.pull_request,
        (_, _) => None,
    }
}

/// Returns the tasks and issues that led to this pull request.
fn origins(all: &[SubjectSummary], known: &SubjectSummary) -> Vec<String> {
    let Subject::PullRequest(number) = known.subject else { return Vec::new() };
    let came = all.iter().filter(|one| origin_of(one) == Some(number));
    came.map(|one| one.subject.to_string()).collect()
}

fn more(count: usize, style: ListStyle<'_>) -> String {
    match count.saturating_sub(style.length.most()) {
        0 => String::new(),
        more => format!("  and {more} more: {}\n", style.place.command("agent-loop status --all")),
    }
}

fn line(known: &SubjectSummary, now: Timestamp) -> SettledLine {
    SettledLine {
        subject: known.subject.to_string(),
        how: describe(known),
        age: known.touched.map(|touched| overview::ago(touched, now)).unwrap_or_default(),
        title: known.title.clone(),
    }
}

fn block(known: &SubjectSummary, origins: &[String], style: ListStyle<'_>, now: Timestamp) -> Block {
    let ListStyle { length, place, .. } = style;
    let (outcome, subject) = (&known.outcome, known.subject.to_string());
    let mut details = Vec::new();
    details.extend((!origins.is_empty()).then(|| format!("from {}", origins.join(", "))));
    let stopped =
        |coder| format!("the coder {coder} was stopped; its edits are kept, and resume continues them");
    details.extend(known.cut_off.as_ref().map(stopped));
    details.extend(known.unsigned.iter().map(|warning| format!("! {warning}")));
    // The pull request shows these itself, and an approved one needs nothing.
    let is_own = matches!(known.subject, Subject::PullRequest(_)) || outcome.view.pull_request.is_none();
    if is_own && outcome.ending != Ending::Approved {
        details.extend((outcome.view.rounds > 0).then(|| format!("round {}", outcome.view.rounds)));
        let vote = |vote: &crate::domain::vote::Vote| {
            let revision = format!("{} {}", outcome.view.votes_on, vote.head.short());
            [vote.agent.to_string(), vote.state.name().to_owned(), revision]
        };
        details.extend(overview::columns(&outcome.view.votes.iter().map(vote).collect::<Vec<_>>()));
        let open: Vec<&Item> = outcome.open_items().collect();
        let command = place.command(&format!("agent-loop status {subject}"));
        details.extend(open.iter().take(length.most()).flat_map(|open| item(open, length, &command)));
        let more = open.len().saturating_sub(length.most());
        details.extend((more > 0).then(|| format!("and {more} more: {command}")));
    }
    details.extend(known.phases.iter().map(|part| part_line(part, place)));
    let next = next_command(known).map(|next| place.command(&next));
    Block { state: describe_now(known, now), title: known.title.clone(), details, subject, next }
}

/// Shows a part with what it waits for, or its next command.
fn part_line(KnownPart { phase, progress, advice }: &KnownPart, place: &CommandPlace) -> String {
    let next = match progress {
        PhaseProgress::InProgress | PhaseProgress::Ready | PhaseProgress::ForPerson => {
            format!(": {}", place.message(advice).replace('`', ""))
        }
        PhaseProgress::Done | PhaseProgress::Dropped | PhaseProgress::Blocked(_) => String::new(),
    };
    format!(
        "{}. {} (#{}) {}{next}",
        phase.number,
        one_line(&unmarked(&phase.title), 80),
        phase.issue,
        progress.words()
    )
}

fn item(item: &Item, length: ListLength, command: &str) -> Vec<String> {
    let start = format!("{} ({}) ", item.id, item.status.name());
    match length {
        ListLength::Few | ListLength::All => vec![format!("{start}{}", brief::of_item(item, ITEM, command))],
        ListLength::OneSubject => {
            let text = unmarked(&item.text);
            let lines = text.lines().filter(|line| !line.trim().is_empty());
            lines
                .enumerate()
                .map(|(at, line)| if at == 0 { format!("{start}{line}") } else { format!("  {line}") })
                .collect()
        }
    }
}

fn aside(saved: &[SavedWork], here: &OpenRepository, style: ListStyle<'_>) -> String {
    let ListStyle { length, paint, .. } = style;
    if saved.is_empty() {
        return String::new();
    }
    let mut text = format!("{}\n", paint.strong("Saved unfinished work:"));
    for SavedWork { subject, turn, kept } in saved.iter().take(length.most()) {
        let commit = kept.salvage.commit.short();
        let command = paint.command(&kept.command(&here.folders.mirror(), &here.repository.path));
        let _ = writeln!(text, "  {subject}  {turn}  {commit}\n    {command}");
    }
    text + &more(saved.len(), style)
}
