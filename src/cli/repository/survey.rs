//! The state of each subject, from the forge, its journal and its lock. Changes nothing.

use jiff::Timestamp;

use crate::adapters::process::output::tail::plain;
use crate::adapters::storage::run_file::RunFile;
use crate::cli::run::after_debate;
use crate::domain::ending::{Ending, Failed, NeedsHuman};
use crate::domain::flow_name::FlowName;
use crate::domain::ids::{IssueNumber, Label, PullRequestNumber};
use crate::domain::phase::PhaseProgress;
use crate::domain::pull_request::PullRequestState;
use crate::domain::subject::Subject;
use crate::engine::outcome::Outcome;
use crate::engine::people;
use crate::engine::thread;
use crate::flow;
use crate::flow::commands;
use crate::flow::machine::Machine;
use crate::flow::names;
use crate::flow::view::View;
use crate::ledger::chain::Chain;
use crate::ledger::thread::ChainReading;
use crate::ports::forge::{Comment, IssueState};
use crate::ports::journal::{Entry, Holder};
use crate::text::sanitize::{one_line, unmarked};

use super::answered;
use super::open::{OpenRepository, there};
use super::parts::{self, KnownPart};
use super::stopped::{self, KnownJournal, Parking};
use super::verdict::{self, RunVerdict};

/// The maximum length of a title, in characters: a task may be very long.
const LONGEST_TITLE: usize = 200;

/// The state of a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubjectState {
    Running(Holder),
    /// The run waits until a quota resets.
    Parked(Parking),
    /// The run was interrupted and can be resumed.
    Interrupted,
    /// A person must act: decide, merge, or start the run again. The text names the reason.
    NeedsHuman(String),
    /// The subject led to this pull request, which has the current state.
    Delivered(PullRequestNumber),
    /// Nothing is left to resume; the text describes how the run ended.
    Settled(String),
    /// The subject's files on this machine cannot be read; the text names the reason and a fix.
    Unreadable(String),
}

impl SubjectState {
    /// Returns the pull request to which the subject led.
    pub fn delivered(&self) -> Option<PullRequestNumber> {
        if let Self::Delivered(number) = self { Some(*number) } else { None }
    }
}

/// A subject with its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectSummary {
    pub subject: Subject,
    /// The flow that wrote the last record of the subject, else that of the latest command; `None` if nothing can be read.
    pub flow: Option<FlowName>,
    pub outcome: Outcome,
    pub state: SubjectState,
    /// A safe one-line title: from the forge, or the first line of a task. It never leaves this machine.
    pub title: Option<String>,
    /// The time of the last change in the subject's local files.
    pub touched: Option<Timestamp>,
    /// The phases of the issue's plan, with their progress.
    pub phases: Vec<KnownPart>,
    /// The verdict on a pull request.
    pub verdict: Option<RunVerdict>,
    /// Warnings about comments since the last record that probably were meant as requirements.
    pub unsigned: Vec<String>,
    /// The coder of an interrupted run whose turn has begun and not ended.
    pub cut_off: Option<Label>,
}

impl SubjectSummary {
    /// Creates the summary of a subject of which no more is known.
    fn new(subject: Subject, outcome: Outcome, state: SubjectState) -> Self {
        Self {
            subject,
            flow: None,
            outcome,
            state,
            title: None,
            touched: None,
            phases: Vec::new(),
            verdict: None,
            unsigned: Vec::new(),
            cut_off: None,
        }
    }
}

/// Returns all subjects in this repository with their states.
pub async fn survey(here: &OpenRepository) -> Vec<SubjectSummary> {
    let mut all = Vec::new();
    for subject in here.subjects() {
        all.extend(known(here, subject).await);
    }
    all
}

/// Returns the state of a subject; `None` if the forge no longer has it. An unreadable subject does not hide the others.
pub async fn known(here: &OpenRepository, subject: Subject) -> Option<SubjectSummary> {
    match read(here, &subject).await {
        Ok(known) => known,
        Err(why) => {
            let ending = Ending::Failed { reason: Failed::Disk };
            let outcome = Outcome::bare(subject.clone(), ending, why.clone());
            let (title, touched) = (task_title(here, &subject), touched(here, &subject));
            let known = SubjectSummary::new(subject, outcome, SubjectState::Unreadable(why));
            Some(SubjectSummary { title, touched, ..known })
        }
    }
}

/// Returns the state of a subject, or of the pull request that it led to.
pub async fn current(here: &OpenRepository, subject: Subject) -> Option<SubjectSummary> {
    let found = known(here, subject).await?;
    match found.state.delivered() {
        Some(number) => known(here, Subject::PullRequest(number)).await,
        None => Some(found),
    }
}

async fn read(here: &OpenRepository, subject: &Subject) -> Result<Option<SubjectSummary>, String> {
    let journal = KnownJournal::of(here, subject);
    let found = match subject {
        Subject::PullRequest(number) => review(here, *number, &journal).await?,
        Subject::Issue(number) => issue(here, *number, &journal).await?,
        Subject::Task(_) => task(here, subject, &journal).await?,
    };
    let Some(found) = found else { return Ok(None) };
    let (state, cut_off) = match here.holder(subject) {
        Some(holder) => (SubjectState::Running(holder), None),
        None => waiting(&journal, found.state)?,
    };
    let title = found.title.map(|title| harmless(&title)).filter(|title| !title.is_empty());
    let touched = touched(here, subject);
    Ok(Some(SubjectSummary { state, title, touched, cut_off, ..found }))
}

/// Returns the state of a run, and the coder that was stopped with it; one that was interrupted while it waited for a quota
/// counts as parked.
fn waiting(journal: &KnownJournal, state: SubjectState) -> Result<(SubjectState, Option<Label>), String> {
    if state != SubjectState::Interrupted {
        return Ok((state, None));
    }
    let entries = journal.entries()?;
    Ok(match stopped::awaited(entries) {
        Some(parking) => (SubjectState::Parked(parking), None),
        None => (state, stopped::cut_off(entries)),
    })
}

/// Returns one line without control sequences and text direction marks.
fn harmless(text: &str) -> String {
    unmarked(&one_line(&plain(text), LONGEST_TITLE))
}

/// Returns the first non-blank line of a task. The text is in the run file, which never leaves the machine.
fn task_title(here: &OpenRepository, subject: &Subject) -> Option<String> {
    let text = RunFile::load(&here.folders.run_file(subject)).ok()?.task?;
    text.lines().map(harmless).find(|line| !line.is_empty())
}

/// Returns when the journal, or else the run file, was last written.
fn touched(here: &OpenRepository, subject: &Subject) -> Option<Timestamp> {
    let modified = |path| std::fs::metadata(path).and_then(|facts| facts.modified()).ok();
    let when =
        modified(here.folders.journal(subject)).or_else(|| modified(here.folders.run_file(subject)))?;
    Timestamp::try_from(when).ok()
}

/// The state of a flow for a subject.
struct Folded {
    flow: FlowName,
    machine: Box<dyn Machine>,
    /// The number of comments up to the last record.
    position: usize,
    /// The time of the last record.
    noted: Timestamp,
}

/// Returns the state of the flow that wrote the last record of a subject; without a record, that of the flow that the latest
/// command started, or of the first flow for the subject.
fn fold(
    subject: &Subject,
    read: impl Fn(&Chain) -> ChainReading,
    here: &OpenRepository,
) -> Result<Folded, String> {
    let begun = RunFile::load(&here.folders.run_file(subject))?.command.map(|command| command.flow);
    let mut flows: Vec<&FlowName> = flow::about(subject).collect();
    flows.sort_by_key(|name| Some(*name) != begun.as_ref());
    let mut latest: Option<Folded> = None;
    for name in flows {
        let chain =
            Chain { repository: here.forge.repository_id(), flow: name.clone(), subject: subject.clone() };
        let reading = read(&chain);
        let Some(mut machine) = flow::begin(name, subject) else { continue };
        for link in &reading.links {
            machine.apply(link).map_err(|objection| objection.to_string())?;
        }
        let noted = reading.records().last().map_or(Timestamp::UNIX_EPOCH, |record| record.at);
        let position = reading.position;
        if latest.as_ref().is_none_or(|latest| latest.position < position) {
            latest = Some(Folded { flow: name.clone(), machine, position, noted });
        }
    }
    latest.ok_or_else(|| format!("no flow is about {subject}"))
}

impl Folded {
    /// Describes a subject without a pull request: how its run ended, or that it was interrupted.
    fn found(self, journal: &KnownJournal, subject: Subject) -> SubjectSummary {
        let run = self.machine.run();
        let ending = run.and_then(|run| run.ending.clone());
        let state = match (&ending, run) {
            // A decision or a plan that can be carried out waits for a person.
            (Some(ending @ (Ending::Consensus | Ending::Planned)), _)
                if self.machine.view().next_command.is_some() =>
            {
                SubjectState::NeedsHuman(self.machine.view().named(ending))
            }
            (Some(ending @ Ending::Consensus), _) => SubjectState::Settled(self.machine.view().named(ending)),
            (Some(ending), _) => after(ending, self.noted),
            (None, Some(_)) => SubjectState::Interrupted,
            (None, None) => SubjectState::Settled("not begun".to_owned()),
        };
        let next = ending.as_ref().and_then(|ending| journal.proposed(ending));
        let bare = Outcome::bare(subject.clone(), ending.unwrap_or(Ending::Interrupted), String::new());
        let usage = journal.spent(run);
        let outcome =
            Outcome { run: run.map(|run| run.id.clone()), usage, view: self.machine.view(), next, ..bare };
        SubjectSummary { flow: Some(self.flow), ..SubjectSummary::new(subject, outcome, state) }
    }
}

async fn review(
    here: &OpenRepository,
    number: PullRequestNumber,
    journal: &KnownJournal,
) -> Result<Option<SubjectSummary>, String> {
    let Some(pull_request) = there(here.forge.pull_request(number).await)? else { return Ok(None) };
    let comments = here.forge.comments(number).await.map_err(|error| error.to_string())?;
    let subject = Subject::PullRequest(number);
    let thread = thread::decoded(&comments);
    let Folded { flow, machine, position, noted } =
        fold(&subject, |chain| thread.chain(chain, &here.trust.recorders), here)?;
    let run = machine.run();
    let ending = run.and_then(|run| run.ending.clone());
    let bare = Outcome::bare(subject.clone(), ending.unwrap_or(Ending::Interrupted), String::new());
    let mut outcome = Outcome {
        run: run.map(|run| run.id.clone()),
        usage: journal.spent(run),
        view: View { head: Some(pull_request.head.clone()), ..machine.view() },
        commands: Some(here.forge.commands(number)),
        ..bare
    };
    let later = comments.get(position..).unwrap_or_default().iter().map(|comment| &**comment);
    let unsigned = unsigned(here, &subject, later.clone());
    let required = people::required(&here.trust, later);
    let verdict = RunVerdict::of(&*machine, &pull_request, &required);
    let state = match (&pull_request.state, &verdict) {
        (PullRequestState::Merged { .. }, _) => SubjectState::Settled("merged".to_owned()),
        (PullRequestState::Closed, _) => SubjectState::Settled("closed".to_owned()),
        (PullRequestState::Open, RunVerdict::NoRun | RunVerdict::Open) => SubjectState::Interrupted,
        (PullRequestState::Open, RunVerdict::ApprovedOther) => {
            outcome.next = Some(format!("agent-loop pr {number}"));
            SubjectState::NeedsHuman("approved an older head".to_owned())
        }
        (PullRequestState::Open, RunVerdict::OlderThanRequirement) => {
            outcome.next = Some(format!("agent-loop pr {number}"));
            SubjectState::NeedsHuman("approved before the last requirement of a person".to_owned())
        }
        (PullRequestState::Open, RunVerdict::Approved)
            if verdict::conflicts(here.workspace(), &pull_request).await =>
        {
            outcome.next = Some(commands::resolve_conflict(number));
            SubjectState::NeedsHuman(format!("approved, conflicts with {}", pull_request.base_ref))
        }
        (PullRequestState::Open, RunVerdict::Approved) => after(&outcome.ending, noted),
        (PullRequestState::Open, RunVerdict::Ended(ending)) => {
            let answered = (!required.is_empty()).then(|| format!("agent-loop pr {number}"));
            outcome.next = answered.or_else(|| journal.proposed(ending));
            after(ending, noted)
        }
    };
    let (flow, title, verdict) = (Some(flow), Some(pull_request.title), Some(verdict));
    Ok(Some(SubjectSummary {
        flow,
        title,
        verdict,
        unsigned,
        ..SubjectSummary::new(subject, outcome, state)
    }))
}

/// Returns a warning about each of these comments that probably was meant as a requirement.
fn unsigned<'thread>(
    here: &OpenRepository,
    subject: &Subject,
    later: impl Iterator<Item = &'thread Comment>,
) -> Vec<String> {
    let ids = people::nearly_signed(later.filter(|comment| people::counts(&here.trust, comment)));
    ids.iter().map(|id| people::unsigned(id, subject)).collect()
}

/// Returns the state after a run with this ending at this time.
fn after(ending: &Ending, since: Timestamp) -> SubjectState {
    let described = || match ending.reason() {
        Some(reason) => format!("{} ({reason})", ending.status()),
        None => ending.status().to_owned(),
    };
    match ending {
        Ending::Parked { resets_at, reason } => {
            SubjectState::Parked(Parking { since, resets_at: *resets_at, reason: *reason })
        }
        Ending::Interrupted => SubjectState::Interrupted,
        Ending::Approved => SubjectState::NeedsHuman("approved, not merged".to_owned()),
        Ending::ApprovedCiPending => SubjectState::NeedsHuman("approved, checks pending".to_owned()),
        Ending::NeedsHuman { .. }
        | Ending::Deadlock
        | Ending::Blocked { .. }
        | Ending::Failed { .. }
        | Ending::Inconclusive => SubjectState::NeedsHuman(described()),
        Ending::Merged { .. }
        | Ending::Refused { .. }
        | Ending::Consensus
        | Ending::Planned
        | Ending::Decomposed
        | Ending::Kept => SubjectState::Settled(described()),
    }
}

async fn issue(
    here: &OpenRepository,
    number: IssueNumber,
    journal: &KnownJournal,
) -> Result<Option<SubjectSummary>, String> {
    let Some(issue) = there(here.forge.issue(number).await)? else { return Ok(None) };
    let subject = Subject::Issue(number);
    let thread = thread::decoded(&issue.comments);
    let folded = fold(&subject, |chain| thread.chain(chain, &here.trust.recorders), here)?;
    let view = folded.machine.view();
    let phases = view.parts;
    let file = RunFile::load(&here.folders.run_file(&subject))?;
    let later = issue.comments.get(folded.position..).unwrap_or_default().iter().map(|comment| &**comment);
    let later: Vec<&Comment> = later.filter(|comment| people::counts(&here.trust, comment)).collect();
    let answered = answered::next(number, &folded.flow, &*folded.machine, &later);
    let mut found = delivery(here, subject, journal, view.pull_request, folded).await?;
    if found.flow == Some(names::DISCUSSION) {
        let next = found.outcome.view.next_command.take();
        found.outcome.view.next_command = next.map(|next| after_debate::with_agents(&file, next));
    }
    let issue_commands = Some(here.forge.issue_commands(number));
    let next = found.outcome.next.or(answered);
    let outcome = Outcome { issue_commands, next, ..found.outcome };
    let state = match (issue.state, found.state) {
        (IssueState::Closed | IssueState::NotPlanned, SubjectState::NeedsHuman(how)) => {
            SubjectState::Settled(format!("{how}, closed"))
        }
        (_, state) => state,
    };
    let unsigned = unsigned(here, &found.subject, later.into_iter());
    let found = SubjectSummary { title: Some(issue.title), outcome, state, unsigned, ..found };
    if phases.is_empty() {
        return Ok(Some(found));
    }
    let is_debate = found.flow == Some(names::DISCUSSION);
    let file = is_debate.then_some(&file);
    let phases = parts::progress(here, phases, file).await?;
    let is_between = matches!(
        &found.outcome.ending,
        Ending::Interrupted | Ending::NeedsHuman { reason: NeedsHuman::Phase }
    );
    let is_divided = found.outcome.ending == Ending::Decomposed && issue.state == IssueState::Open;
    if is_divided && let Some(KnownPart { phase, progress, .. }) = parts::next(&phases) {
        let state = SubjectState::NeedsHuman(format!("{} {}", phase.named(), progress.words()));
        let outcome = Outcome { next: phase.command(), ..found.outcome };
        return Ok(Some(SubjectSummary { outcome, state, phases, ..found }));
    }
    let state = if is_between { between(&phases) } else { found.state };
    Ok(Some(SubjectSummary { state, phases, ..found }))
}

/// Returns the state of an issue whose phases are done one by one.
fn between(parts: &[KnownPart]) -> SubjectState {
    let of = |wanted: PhaseProgress| parts.iter().find(|part| part.progress == wanted);
    let is_new = of(PhaseProgress::Done).is_none();
    let says = |part: &KnownPart| format!("{} {}", part.phase.named(), part.progress.words());
    match (of(PhaseProgress::InProgress), of(PhaseProgress::Ready), of(PhaseProgress::ForPerson)) {
        (Some(KnownPart { phase, .. }), _, _) => {
            SubjectState::Settled(format!("{} is in progress", phase.named()))
        }
        (None, Some(_), _) if is_new => SubjectState::Interrupted,
        (None, Some(part), _) | (None, None, Some(part)) => SubjectState::NeedsHuman(says(part)),
        (None, None, None) => {
            match parts.iter().find(|one| matches!(one.progress, PhaseProgress::Blocked(_))) {
                Some(part) => SubjectState::NeedsHuman(says(part)),
                None => SubjectState::Settled("every phase is done".to_owned()),
            }
        }
    }
}

/// Describes a task. Its records are in its journal until its pull request is open.
async fn task(
    here: &OpenRepository,
    subject: &Subject,
    journal: &KnownJournal,
) -> Result<Option<SubjectSummary>, String> {
    let bodies: Vec<&str> = journal.entries()?.iter().filter_map(Entry::record).collect();
    let login = here.forge.login();
    let folded = fold(subject, |chain| thread::read_local(chain, &login, &bodies), here)?;
    let from_branch = match &folded.machine.view().branch {
        Some(branch) => here.forge.pull_requests_from(branch).await.map_err(|error| error.to_string())?,
        None => Vec::new(),
    };
    let delivered = from_branch.last().map(|found| found.number);
    let found = delivery(here, subject.clone(), journal, delivered, folded).await?;
    Ok(Some(SubjectSummary { title: task_title(here, subject), ..found }))
}

/// Describes a subject that may have led to a pull request, which then has the current state.
async fn delivery(
    here: &OpenRepository,
    subject: Subject,
    journal: &KnownJournal,
    delivered: Option<PullRequestNumber>,
    folded: Folded,
) -> Result<SubjectSummary, String> {
    let Some(number) = delivered else { return Ok(folded.found(journal, subject)) };
    let bare = Outcome::bare(subject.clone(), Ending::Interrupted, String::new());
    let journal = KnownJournal::of(here, &Subject::PullRequest(number));
    let outcome = match review(here, number, &journal).await? {
        Some(found) => Outcome { subject: bare.subject, ..found.outcome },
        None => bare,
    };
    let known = SubjectSummary::new(subject, outcome, SubjectState::Delivered(number));
    Ok(SubjectSummary { flow: Some(folded.flow), ..known })
}
