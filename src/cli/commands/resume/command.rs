//! Resumes one subject after another, each with its original settings. Safe with several processes at once.

use std::io::IsTerminal;
use std::process::ExitCode;

use crate::adapters::any_forge::AnyForge;
use crate::adapters::clock::SystemClock;
use crate::adapters::files;
use crate::adapters::storage::journals::FileJournals;
use crate::adapters::storage::lock::{self, SubjectLock};
use crate::adapters::storage::run_file::RunFile;
use crate::cli::arguments::common::RepositoryArgs;
use crate::cli::arguments::run::RunArguments;
use crate::cli::arguments::settings::SettingFlags;
use crate::cli::commands::status;
use crate::cli::config::flags::DANGEROUS_KEY;
use crate::cli::repository::open::{OpenRepository, nothing_begun};
use crate::cli::repository::survey::{self, SubjectState, SubjectSummary};
use crate::cli::run::command::{self, RunResult};
use crate::cli::run::goal::{Answers, Goal, GoalTarget, RunInvocation, Trigger};
use crate::cli::surroundings::Surroundings;
use crate::cli::view::ending::{complain, conclude, parking_hint, say};
use crate::cli::view::outcome::next_command;
use crate::cli::view::paint::Paint;
use crate::cli::view::place::CommandPlace;
use crate::cli::view::print;
use crate::domain::access::Power;
use crate::domain::ending::{Ending, Failed, Refused};
use crate::domain::subject::Subject;
use crate::engine::outcome::Outcome;
use crate::ports::clock::Clock;
use crate::ports::journal::JournalError;

use super::arguments::ResumeArguments;
use super::list::{self, Resumable, When};
use super::repositories::Repositories;
use super::{job, repositories};

/// `resume`
pub async fn run(arguments: &ResumeArguments, surroundings: &Surroundings) -> ExitCode {
    if arguments.print_cron || arguments.print_systemd {
        return say(printed_job(arguments, surroundings).await, &surroundings.place);
    }
    match Repositories::find(arguments, surroundings).await {
        Ok(repositories) => go_on(&repositories, arguments, surroundings).await,
        Err(why) => complain(&why, 2, &surroundings.place),
    }
}

async fn printed_job(arguments: &ResumeArguments, surroundings: &Surroundings) -> Result<String, String> {
    let repository =
        if arguments.all { None } else { Some(repositories::here(arguments, surroundings).await?) };
    let power = if arguments.settings.is_on(DANGEROUS_KEY) { Power::Dangerous } else { Power::Bounded };
    let job = job::ResumeJob::new(repository.as_deref(), power, surroundings)?;
    if arguments.print_cron { job.cron() } else { job.systemd() }
}

async fn go_on(
    repositories: &Repositories,
    arguments: &ResumeArguments,
    surroundings: &Surroundings,
) -> ExitCode {
    for why in &repositories.skipped {
        print::talk(&format!("agent-loop: {why}\n"));
    }
    let Candidates { waiting, for_person, unreadable } =
        match candidates(&repositories.found, arguments).await {
            Ok(candidates) => candidates,
            Err(why) => return complain(&why, 2, &surroundings.place),
        };
    let mut exit = 0;
    for why in unreadable {
        print::talk(&format!("agent-loop: {why}\n"));
        exit = first_bad(exit, Ending::Failed { reason: Failed::Disk }.exit_code());
    }
    let now = SystemClock.now();
    let goes_on = |waiting: &&Resumable<'_>| goes_on_now(waiting, arguments);
    // Cron mails every line, but a person wants to know when a run is due.
    let is_for_cron = arguments.due && !print::results_are_seen();
    if arguments.list || (!is_for_cron && !waiting.iter().any(|waiting| goes_on(&waiting))) {
        let paint = Paint::of_results(&surroundings.variables);
        print::result(&list::text(&waiting, &for_person, arguments, now, paint));
        return ExitCode::from(exit);
    }
    let mut parked = false;
    for waiting in waiting.iter().filter(goes_on) {
        match resume(waiting, arguments, surroundings).await {
            Ok(None) => {}
            Err(why) => {
                complain(&why, 2, &waiting.here.place);
                exit = first_bad(exit, 2);
            }
            Ok(Some(outcome)) => {
                conclude(&outcome, &next_command(&outcome), arguments.output.json, &waiting.here.place);
                exit = first_bad(exit, exit_code(&outcome.ending, arguments));
                parked |= matches!(outcome.ending, Ending::Parked { .. });
                if outcome.ending == Ending::Interrupted {
                    // The signal is meant for all subjects.
                    break;
                }
            }
        }
    }
    if parked && !arguments.due && arguments.output.json.is_none() {
        print::result(&parking_hint(&surroundings.place));
    }
    ExitCode::from(exit)
}

/// Returns the first exit code that is not 0.
fn first_bad(before: u8, code: u8) -> u8 {
    if before == 0 { code } else { before }
}

/// With `--due`, a run that was parked again needs no attention: it is resumed automatically.
fn exit_code(ending: &Ending, arguments: &ResumeArguments) -> u8 {
    let goes_on_by_itself = arguments.due && matches!(ending, Ending::Parked { .. });
    if goes_on_by_itself { 0 } else { ending.exit_code() }
}

fn goes_on_now(waiting: &Resumable<'_>, arguments: &ResumeArguments) -> bool {
    match list::when(&waiting.known.state, SystemClock.now()) {
        Some(When::Due) => true,
        Some(When::Interrupted) => !arguments.due,
        // A subject on the command line is resumed even if it is not due.
        Some(When::Later(_)) | None => !arguments.due && arguments.subject.is_some(),
    }
}

/// The subjects that can be resumed, now or later.
#[derive(Debug, Default)]
struct Candidates<'here> {
    waiting: Vec<Resumable<'here>>,
    /// The places of the runs that are left to a person.
    for_person: Vec<&'here CommandPlace>,
    /// The subjects that may wait, and whose files cannot be read.
    unreadable: Vec<String>,
}

impl<'here> Candidates<'here> {
    fn take(&mut self, here: &'here OpenRepository, known: SubjectSummary, arguments: &ResumeArguments) {
        let is_named = arguments.subject.is_some();
        match (list::when(&known.state, SystemClock.now()), &known.state) {
            (None, SubjectState::NeedsHuman(_) | SubjectState::Settled(_)) if is_named && !arguments.due => {
                self.waiting.push(Resumable { here, known });
            }
            (Some(When::Interrupted), _) if arguments.due => {}
            (Some(When::Later(_)), _) if arguments.due && (arguments.list || !print::results_are_seen()) => {}
            (Some(_), _) => self.waiting.push(Resumable { here, known }),
            (None, SubjectState::Unreadable(why)) => {
                self.unreadable.push(format!("{} cannot be read: {why}", known.subject));
            }
            (None, SubjectState::NeedsHuman(_)) => self.for_person.push(&here.place),
            (None, _) => {}
        }
    }
}

async fn candidates<'here>(
    all: &'here [OpenRepository],
    arguments: &ResumeArguments,
) -> Result<Candidates<'here>, String> {
    let mut candidates = Candidates::default();
    if all.is_empty() && !arguments.all && !arguments.due {
        return Err(nothing_begun());
    }
    for here in all {
        match &arguments.subject {
            Some(typed) => candidates.take(here, named(here, typed, arguments).await?, arguments),
            None => {
                for known in survey::survey(here).await {
                    candidates.take(here, known, arguments);
                }
            }
        }
    }
    Ok(candidates)
}

/// Returns the subject on the command line. With `--due`, a subject that is not due is not an error.
async fn named(
    here: &OpenRepository,
    typed: &str,
    arguments: &ResumeArguments,
) -> Result<SubjectSummary, String> {
    let subject = here.subject(typed)?;
    let known = survey::known(here, subject).await;
    let known = known.ok_or_else(|| format!("{typed} is no longer on the forge"))?;
    match &known.state {
        _ if arguments.due => Ok(known),
        SubjectState::Parked(_) | SubjectState::Interrupted => Ok(known),
        SubjectState::NeedsHuman(_) | SubjectState::Settled(_) if can_begin_again(&known.outcome.ending) => {
            Ok(known)
        }
        SubjectState::Running(_) => Err(format!(
            "{typed} is {} already; see `agent-loop logs {typed}`, or end it with `agent-loop stop {typed}`",
            status::describe(&known)
        )),
        SubjectState::Unreadable(why) => Err(why.clone()),
        SubjectState::Delivered(number) => Err(format!(
            "there is nothing to resume: {typed} became pull request {number}; see `agent-loop status pr/{number}`"
        )),
        SubjectState::NeedsHuman(_) | SubjectState::Settled(_) => Err(format!(
            "there is nothing to resume: {typed} is {}; see `agent-loop status {typed}`",
            status::describe(&known)
        )),
    }
}

/// Returns whether the same command could make progress now.
fn can_begin_again(ending: &Ending) -> bool {
    match ending {
        Ending::NeedsHuman { .. }
        | Ending::Blocked { .. }
        | Ending::Failed { .. }
        | Ending::Inconclusive
        | Ending::ApprovedCiPending
        | Ending::Parked { .. }
        | Ending::Interrupted => true,
        Ending::Approved
        | Ending::Merged { .. }
        | Ending::Consensus
        | Ending::Planned
        | Ending::Decomposed
        | Ending::Kept
        | Ending::Deadlock
        | Ending::Refused { .. } => false,
    }
}

/// Resumes one subject. `None` if another process took it, which counts as success under `--due`.
async fn resume(
    waiting: &Resumable<'_>,
    arguments: &ResumeArguments,
    surroundings: &Surroundings,
) -> Result<Option<Box<Outcome>>, String> {
    let lock = if arguments.due { lock_if_due(waiting).await? } else { None };
    if arguments.due && lock.is_none() {
        return Ok(None);
    }
    let (goal, run_arguments) = goal(waiting, arguments)?;
    // Cron has no terminal; a person at a terminal can answer.
    let answers = if arguments.interactive || std::io::stdin().is_terminal() {
        Answers::AtTheTerminal
    } else {
        Answers::Nobody
    };
    match command::run(
        goal,
        &run_arguments,
        RunInvocation { trigger: Trigger::Resumption, answers },
        surroundings,
    )
    .await
    {
        RunResult::Ended(outcome) if arguments.due && is_locked(&outcome) => Ok(None),
        RunResult::Ended(outcome) => Ok(Some(outcome)),
        // `resume` has no dry run.
        RunResult::DryRun(_) => Ok(None),
    }
}

fn is_locked(outcome: &Outcome) -> bool {
    outcome.ending == Ending::Refused { reason: Refused::Locked }
}

/// Locks a due subject, and checks it again under the lock: another process may have resumed and parked it.
async fn lock_if_due(waiting: &Resumable<'_>) -> Result<Option<SubjectLock>, String> {
    let subject = &waiting.known.subject;
    let locks = waiting.here.folders.locks();
    files::make_folder(locks)?;
    let lock = match lock::take(&FileJournals::due_lock_path(locks, subject), subject, SystemClock.now()) {
        Ok(lock) => lock,
        Err(JournalError::Held { .. }) => return Ok(None),
        Err(JournalError::Disk(why)) => return Err(why),
    };
    let known = survey::known(waiting.here, subject.clone()).await;
    let when = known.and_then(|known| list::when(&known.state, SystemClock.now()));
    Ok((when == Some(When::Due)).then_some(lock))
}

fn goal(waiting: &Resumable<'_>, arguments: &ResumeArguments) -> Result<(Goal, RunArguments), String> {
    let subject = &waiting.known.subject;
    let file = RunFile::load(&waiting.here.folders.run_file(subject))?;
    let target = match subject {
        Subject::Issue(number) => GoalTarget::Issue(*number),
        Subject::PullRequest(number) => GoalTarget::PullRequest(*number),
        Subject::Task(_) => GoalTarget::Task(file.task.ok_or_else(|| {
            format!(
                "this machine does not have the text of {subject}; run `agent-loop task …` with the text again"
            )
        })?),
    };
    let unknown = || format!("this version has no flow for {subject}");
    let goal = Goal { flow: waiting.known.flow.clone().ok_or_else(unknown)?, target };
    let repository = if arguments.all {
        RepositoryArgs { dir: Some(waiting.here.repository.path.clone()) }
    } else {
        arguments.repository.place.clone()
    };
    let output = arguments.output.clone();
    let mut values = arguments.settings.values.clone();
    if let AnyForge::Github(forge) = &waiting.here.forge {
        let address = forge.address();
        values.insert("forge.repository".to_owned(), format!("{}/{address}", address.host).into());
    }
    let settings = SettingFlags::new(values);
    Ok((goal, RunArguments { base: file.base, repository, output, settings, ..RunArguments::default() }))
}
