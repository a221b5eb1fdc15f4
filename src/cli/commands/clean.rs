//! `clean`: removes clones, logs and journals of settled subjects, and saved work that is of no more use, after confirmation.
//! The cost of runs stays.

use std::fmt::Write as _;
use std::io::{BufRead, IsTerminal};
use std::path::PathBuf;

use clap::Args;

use crate::adapters::clock::SystemClock;
use crate::adapters::git::Kept;
use crate::adapters::storage::journals::FileJournals;
use crate::adapters::storage::{lock, retention};
use crate::cli::arguments::common::KnownRepositoryArgs;
use crate::cli::repository::logbook;
use crate::cli::repository::open::OpenRepository;
use crate::cli::repository::saved::{SavedWork, saved_work};
use crate::cli::repository::survey::{self, SubjectState, SubjectSummary};
use crate::cli::repository::surveyed;
use crate::cli::surroundings::Surroundings;
use crate::cli::usage::kept;
use crate::cli::view::amounts::bytes;
use crate::cli::view::print;
use crate::domain::subject::Subject;
use crate::ports::clock::Clock;

use super::status;

/// `clean`
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line are just that")]
pub struct CleanArguments {
    /// Clean only this subject: 7, pr/7, issue/7, task/KEY or a URL
    pub subject: Option<String>,
    /// Also remove saved unfinished work of runs that did not succeed
    #[arg(long)]
    pub salvage: bool,
    /// Also remove journals of runs that could be resumed; published records stay
    #[arg(long)]
    pub unfinished: bool,
    /// Do not ask for confirmation
    #[arg(long)]
    pub yes: bool,
    /// Only print what would be removed
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
    #[command(flatten)]
    pub repository: KnownRepositoryArgs,
}

/// The files to remove.
#[derive(Debug, Default)]
struct Removal {
    subjects: Vec<(Subject, Vec<PathBuf>)>,
    saved: Vec<SavedWork>,
    stays: Vec<String>,
}

/// Cleans a repository.
pub async fn run(arguments: &CleanArguments, surroundings: &Surroundings) -> Result<String, String> {
    let Some(here) =
        OpenRepository::of(&arguments.repository, arguments.subject.as_deref(), surroundings).await?
    else {
        return Ok("there is nothing to remove\n".to_owned());
    };
    let removal = plan(&here, arguments).await?;
    let tense = if arguments.dry_run { RemovalTense::Never } else { RemovalTense::Next };
    let text = render(&removal, tense);
    if removal.subjects.is_empty() && removal.saved.is_empty() {
        return Ok(format!("{text}there is nothing to remove\n"));
    }
    if arguments.dry_run {
        return Ok(format!("{text}Dry run: nothing was removed.\n"));
    }
    if !arguments.yes && !is_allowed(&text)? {
        return Ok("nothing was removed\n".to_owned());
    }
    perform(&here, &removal).await?;
    Ok(if arguments.yes { format!("{text}removed\n") } else { "removed\n".to_owned() })
}

async fn plan(here: &OpenRepository, arguments: &CleanArguments) -> Result<Removal, String> {
    let wanted = arguments.subject.as_ref().map(|typed| here.subject(typed)).transpose()?;
    let is_wanted = |subject: &Subject| wanted.as_ref().is_none_or(|wanted| wanted == subject);
    let mut removal = Removal::default();
    let all = survey::survey(here).await;
    for subject in here.subjects().into_iter().filter(is_wanted) {
        let known = all.iter().find(|known| known.subject == subject);
        if let Some(known) = known
            && stays(&all, known, arguments)
        {
            removal.stays.push(why_it_stays(known));
            continue;
        }
        let paths = retention::everything(&logbook::folders(here, &subject), &subject).into_iter();
        removal.subjects.push((subject, paths.filter(|path| path.exists()).collect()));
    }
    if here.folders.mirror().exists() {
        removal.saved = saved_work(here).await?;
        // Running and parked subjects may need their saved work.
        let is_removed = |subject: &Subject| removal.subjects.iter().any(|(removed, _)| removed == subject);
        let is_open = |subject: &Subject| here.subjects().contains(subject) && !is_removed(subject);
        removal.saved.retain(|SavedWork { subject, .. }| {
            let is_of_no_use = arguments.salvage || surveyed::has_succeeded(&all, subject);
            is_of_no_use && is_wanted(subject) && !is_open(subject)
        });
    }
    Ok(removal)
}

/// Returns whether the files of a subject are kept. A subject that led to a pull request is settled when the pull request is.
fn stays(all: &[SubjectSummary], known: &SubjectSummary, arguments: &CleanArguments) -> bool {
    let led_to = surveyed::current(all, &known.subject);
    match led_to.unwrap_or(known).state {
        SubjectState::Running(_) => true,
        SubjectState::Parked(_)
        | SubjectState::Interrupted
        | SubjectState::NeedsHuman(_)
        | SubjectState::Unreadable(_) => !arguments.unfinished,
        SubjectState::Delivered(_) | SubjectState::Settled(_) => false,
    }
}

fn why_it_stays(known: &SubjectSummary) -> String {
    format!("{} ({})", known.subject, status::describe(known))
}

/// Whether the removal is done, or only shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RemovalTense {
    /// It follows, after the confirmation.
    Next,
    Never,
}

fn render(removal: &Removal, tense: RemovalTense) -> String {
    let (remove, keep) = match tense {
        RemovalTense::Next => ("remove", "keep"),
        RemovalTense::Never => ("would remove", "would keep"),
    };
    let mut text = String::new();
    for (subject, paths) in &removal.subjects {
        let size = paths.iter().map(|path| retention::size(path)).sum();
        let _ = writeln!(text, "{remove} {subject}: journal, logs and clones, {}", bytes(size));
    }
    for SavedWork { subject, turn, kept } in &removal.saved {
        let commit = kept.salvage.commit.short();
        let _ = writeln!(text, "{remove} {subject}: saved unfinished work of {turn}, {commit}");
    }
    if !removal.subjects.is_empty() {
        let _ = writeln!(text, "{keep} the costs of these runs, for `agent-loop usage`");
    }
    for why in &removal.stays {
        let _ = writeln!(text, "{keep} {why}");
    }
    text
}

fn is_allowed(text: &str) -> Result<bool, String> {
    if !std::io::stdin().is_terminal() {
        print::talk(text);
        let why = "clean needs a confirmation, and stdin is not a terminal; use --yes to remove, or --dry-run to look";
        return Err(why.to_owned());
    }
    print::talk(&format!("{text}Remove all of it? [y/N] "));
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(|error| format!("cannot read stdin: {error}"))?;
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}

async fn perform(here: &OpenRepository, removal: &Removal) -> Result<(), String> {
    let locks = here.folders.locks();
    let mut failures = Vec::new();
    for (subject, paths) in &removal.subjects {
        // Another process may have started work on the subject during the confirmation.
        let path = FileJournals::lock_path(locks, subject);
        let _lock = lock::take(&path, subject, SystemClock.now()).map_err(|error| error.to_string())?;
        kept::keep(&here.folders, subject)?;
        failures.extend(paths.iter().filter_map(|path| retention::remove(path).err()));
    }
    let kept: Vec<Kept> = removal.saved.iter().map(|work| work.kept.clone()).collect();
    here.workspace().forget(&kept).await.map_err(|error| error.to_string())?;
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n")) }
}
