//! One turn from its order to its journaled result: prepare the clone, write the attempt, run the turn, collect its changes,
//! write its end. Each turn is a task, so that reviewers run in parallel.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::task::JoinSet;

use crate::domain::access::Access;
use crate::domain::ending::Failed;
use crate::domain::failure::TurnFailure;
use crate::domain::ids::{CommitSha, GateName};
use crate::domain::turn::TurnKey;
use crate::flow::aftermath;
use crate::flow::ask::{Ask, LeftFiles, Pause, Purpose, malformed};
use crate::flow::persistence::Persistence;
use crate::ports::World;
use crate::ports::agents::{TurnOrder, TurnReport, TurnResult};
use crate::ports::cancellation::{Cancellation, Urgency};
use crate::ports::gates::GateOrder;
use crate::ports::journal::{AnswerForm, Entry, Finished, Journal};
use crate::ports::run_event::RunEvent;
use crate::ports::workspace::{AfterTurn, CloneId, Harvest, Inspection, Prepared, Salvage, WorkspaceError};
use crate::protocol::envelope;
use crate::protocol::raw_answer::RawAnswer;
use crate::text::{inert, sanitize};

use super::clones::{clone_id, layout, participant};
use super::context::RunContext;
use super::guard::Guard;
use super::merge_turn;
use super::outcome::RunError;
use super::session::Session;
use super::setup::{self, SetUp, set_up};
use super::telling;

/// The maximum length of a malformed answer in messages, in characters; the log has all of it.
const EXCERPT: usize = 100;
/// The length of the text from which the excerpt is made.
const LOOKED_AT: usize = 2_000;

/// The running turns.
#[derive(Default)]
pub(super) struct RunningTurns(JoinSet<Result<Turned, RunError>>);

/// The result of a turn.
pub(super) enum Turned {
    /// The turn has ended, and the entry is in the journal.
    Finished(Box<Entry>),
    Cancelled(TurnKey),
}

impl RunningTurns {
    pub(super) fn start(&mut self, cx: &RunContext, session: &Session, ask: Ask, order: TurnOrder) {
        let (world, guard) = (cx.world.clone(), Arc::clone(&cx.guard));
        let persistence = cx.config.request.persistence.clone();
        let journal = Arc::clone(&session.journal);
        let subject = match ask.access {
            Access::Edit => session.home(),
            Access::Read | Access::ReadAndWeb | Access::Nothing => &session.subject,
        };
        let clone_id = clone_id(subject, &participant(&ask));
        let start = Start { ask, order, clone_id, journal, guard, persistence };
        // Boxed: the large future would be copied several times on the stack, whose memory is never given back.
        self.0.spawn(Box::pin(take(world, start, cx.cancellation.clone())));
    }

    pub(super) fn are_running(&self) -> bool {
        !self.0.is_empty()
    }

    pub(super) async fn next(&mut self) -> Result<Turned, RunError> {
        match self.0.join_next().await {
            Some(Ok(turned)) => turned,
            Some(Err(error)) => {
                Err(RunError::failed(Failed::Error, format!("the task of a turn failed: {error}")))
            }
            None => Err(RunError::failed(Failed::Error, "a turn is awaited, but none is running")),
        }
    }

    /// Waits for all turns, and returns the entries of those that have ended, or the first error.
    pub(super) async fn drain(&mut self) -> Result<Vec<Entry>, RunError> {
        let (mut entries, mut trouble) = (Vec::new(), None);
        while self.are_running() {
            match self.next().await {
                Ok(Turned::Finished(entry)) => entries.push(*entry),
                Ok(Turned::Cancelled(_)) => {}
                Err(found) => trouble = trouble.or(Some(found)),
            }
        }
        trouble.map_or(Ok(entries), Err)
    }
}

struct Start {
    ask: Ask,
    /// The order without the path of the clone, which is not known yet.
    order: TurnOrder,
    clone_id: CloneId,
    journal: Arc<dyn Journal>,
    guard: Arc<Guard>,
    persistence: Persistence,
}

async fn take(world: World, start: Start, cancellation: Cancellation) -> Result<Turned, RunError> {
    let key = start.ask.key.clone();
    let entry = attempt(&world, start, cancellation).await?;
    Ok(entry.map_or(Turned::Cancelled(key), |entry| Turned::Finished(Box::new(entry))))
}

/// A turn in its clone.
#[derive(Clone, Copy)]
struct PlacedTurn<'turn> {
    world: &'turn World,
    guard: &'turn Guard,
    ask: &'turn Ask,
    clone_id: &'turn CloneId,
    /// The commit of the files with which the turn begins.
    from: &'turn CommitSha,
}

/// Returns the folder of a turn: a clone, or an empty folder for an agent that reformats an answer.
async fn ready(turn: PlacedTurn<'_>, base: &CommitSha) -> Result<Prepared, WorkspaceError> {
    let PlacedTurn { world, ask, clone_id, from, .. } = turn;
    match &ask.purpose {
        Purpose::Work | Purpose::Again { .. } => {
            let prepared = world.workspace.prepare(clone_id, &layout(ask, from, base)).await?;
            if ask.access == Access::Edit
                && !world.workspace.is_user_checkout(clone_id)
                && let Some(text) = world.agent_memories.lay_out(&prepared.path).await
            {
                world.operator.tell(&RunEvent::Warning { text });
            }
            Ok(prepared)
        }
        Purpose::Form(_) => {
            let path = world.workspace.empty(clone_id).await?;
            Ok(Prepared { path, salvaged: None, warning: None })
        }
    }
}

#[derive(PartialEq, Eq)]
enum Waited {
    ToTheEnd,
    Cancelled,
}

/// Waits before a question is asked again.
async fn wait(world: &World, ask: &Ask, pause: Pause, mut cancellation: Cancellation) -> Waited {
    if pause.is_over(world.clock.now()) {
        return Waited::ToTheEnd;
    }
    let until = pause.until;
    let what = format!("another try of the {} `{}`", ask.key.role, ask.key.label);
    world.operator.tell(&RunEvent::Waiting { what, until });
    tokio::select! {
        () = world.clock.sleep_until(until) => Waited::ToTheEnd,
        () = cancellation.reached(Urgency::Stop) => Waited::Cancelled,
    }
}

async fn attempt(world: &World, start: Start, cancellation: Cancellation) -> Result<Option<Entry>, RunError> {
    let Start { ask, mut order, clone_id, journal, guard, persistence } = start;
    if let Some(pause) = ask.pause
        && wait(world, &ask, pause, cancellation.clone()).await == Waited::Cancelled
    {
        return Ok(None);
    }
    let turn = ask.key.clone();
    let from = merge_turn::beginning(world, &ask, &clone_id).await?;
    let placed = PlacedTurn { world, guard: &guard, ask: &ask, clone_id: &clone_id, from: &from };
    order.workdir = announced(placed, &order.base, &*journal).await?;
    match set_up_to_edit(placed, &order, cancellation.clone()).await {
        SetUp::Ready => {}
        SetUp::Cancelled => return Ok(None),
        SetUp::Failed { message, remedy } => return Err(setup::ended(message, &remedy, &order.subject)),
    }
    world.operator.tell(&RunEvent::TurnBegun {
        label: turn.label.clone(),
        role: turn.role,
        kind: turn.kind,
        prompt_bytes: order.prompt.len(),
        log: world.agents.log(&order).map(|path| path.display().to_string()),
    });
    let report = without_secrets(&guard, world.agents.take(&order, cancellation).await);
    let log = report.log.clone();
    let Some(finished) = finish(placed, report).await? else {
        return Ok(None);
    };
    let finished = finished
        .with_failure(|failure| guard.failure(failure))
        .with_notes(|note| sanitize::one_line(&guard.message(&note), telling::LONGEST_WARNING));
    telling::warnings(world, &turn, finished.notes().to_vec());
    let at = world.clock.now();
    if let Finished::Answered { raw, .. } = &finished {
        telling::warnings(world, &turn, ask.left_out(raw));
    }
    world.operator.tell(&told(&ask, &finished, log, at, &persistence));
    let entry = Entry::Finished { turn, at, finished };
    journal.append(entry.clone()).await?;
    Ok(Some(entry))
}

/// Writes the attempt while git prepares the clone: both must be done before the agent starts. Returns the path of the clone.
async fn announced(
    turn: PlacedTurn<'_>,
    base: &CommitSha,
    journal: &dyn Journal,
) -> Result<PathBuf, RunError> {
    let PlacedTurn { world, ask, clone_id, .. } = turn;
    let prepare = ready(turn, base);
    let surfaced = ask.expectation.requirements.clone();
    let announce = journal.append(Entry::Attempt { turn: ask.key.clone(), at: world.clock.now(), surfaced });
    let prepared = if world.workspace.is_user_checkout(clone_id) {
        // If the checkout is refused, no attempt is written.
        let prepared = prepare.await?;
        announce.await?;
        prepared
    } else {
        let (prepared, announced) = tokio::join!(prepare, announce);
        announced?;
        prepared?
    };
    if let Some(text) = prepared.warning {
        world.operator.tell(&RunEvent::Warning { text });
    }
    if let Some(salvage) = &prepared.salvaged {
        telling::salvage(world, salvage);
    }
    Ok(prepared.path)
}

/// Runs the setup command in the clone of an agent that edits, but not in a user's checkout.
async fn set_up_to_edit(turn: PlacedTurn<'_>, order: &TurnOrder, cancellation: Cancellation) -> SetUp {
    let PlacedTurn { world, ask, clone_id, .. } = turn;
    if ask.access != Access::Edit || world.workspace.is_user_checkout(clone_id) {
        return SetUp::Ready;
    }
    let order = GateOrder {
        run: order.run.clone(),
        subject: order.subject.clone(),
        gate: GateName::setup(),
        attempt: order.attempt.clone(),
        base: order.base.clone(),
        head: order.head.clone(),
        tree: None,
        workdir: Some(order.workdir.clone()),
        task: String::new(),
    };
    set_up(&*world.gates, &order, cancellation).await
}

/// Removes secrets from a report: from here on none is in the journal, in a record or in the next prompt.
fn without_secrets(guard: &Guard, report: TurnReport) -> TurnReport {
    let result = match report.result {
        TurnResult::Answered(raw) => guard.answer(raw).map_or_else(TurnResult::Failed, TurnResult::Answered),
        TurnResult::Failed(failure) => TurnResult::Failed(guard.failure(failure).at_a_whole_second()),
        unstarted @ (TurnResult::Disk(_) | TurnResult::Cancelled) => unstarted,
    };
    let warnings = report.warnings.iter().map(|text| guard.message(text)).collect();
    TurnReport { result, warnings, ..report }
}

/// Returns the result of a turn for the journal; `None` if the run was cancelled.
async fn finish(turn: PlacedTurn<'_>, report: TurnReport) -> Result<Option<Finished>, RunError> {
    let TurnReport { result, usage, model, log, session, warnings } = report;
    telling::warnings(turn.world, &turn.ask.key, warnings);
    let answer = match result {
        TurnResult::Cancelled => {
            back_up(turn).await;
            return Ok(None);
        }
        TurnResult::Disk(why) => return Err(RunError::failed(Failed::Disk, why)),
        TurnResult::Failed(failure) => Err(failure),
        TurnResult::Answered(raw) => Ok(raw),
    };
    let left = match turn.ask.access {
        Access::Read | Access::ReadAndWeb => inspected(turn, answer).await?,
        Access::Edit => harvested(turn, answer).await?,
        Access::Nothing => match answer {
            Ok(raw) => Left::Answer { raw, commit: None, notes: Vec::new() },
            Err(failure) => Left::Nothing { failure, salvage: None },
        },
    };
    Ok(Some(match left {
        // The journal gets the answer unchanged; the flow decides that it is void.
        Left::Answer { raw, commit, notes } => {
            let form = match turn.ask.complaints(&raw) {
                None => AnswerForm::Valid,
                Some(_) => AnswerForm::Malformed,
            };
            Finished::Answered { raw, usage, model, commit, session: session.map(Box::new), notes, form }
        }
        Left::Nothing { failure, salvage } => {
            Finished::Failed { failure, usage, log, salvage: salvage.map(|kept| kept.reference), model }
        }
    }))
}

/// Returns the event for a turn that has ended at this instant.
fn told(
    ask: &Ask,
    finished: &Finished,
    log: Option<PathBuf>,
    at: Timestamp,
    persistence: &Persistence,
) -> RunEvent {
    let (label, role) = (ask.key.label.clone(), ask.key.role);
    let log = log.map(|path| path.display().to_string());
    match finished {
        Finished::Answered { raw, usage, .. } => match ask.complaints(raw) {
            None => RunEvent::TurnAnswered { label, role, milliseconds: usage.milliseconds },
            Some(complaints) => {
                let follows = aftermath::of_malformed(ask, &complaints, raw);
                let said = envelope::open(raw.most_trusted()).is_err().then(|| excerpt(raw));
                RunEvent::TurnFailed { label, role, failure: malformed(&complaints), log, said, follows }
            }
        },
        Finished::Failed { failure, .. } => {
            let follows = aftermath::of_failure(ask, failure, at, persistence);
            RunEvent::TurnFailed { label, role, failure: failure.clone(), log, said: None, follows }
        }
    }
}

/// Returns the beginning of an answer, on one harmless line. Its secrets were removed when it arrived.
fn excerpt(raw: &RawAnswer) -> String {
    let begin: String = raw.most_trusted().chars().take(LOOKED_AT).collect();
    sanitize::one_line(&sanitize::unmarked(&begin), EXCERPT)
}

enum Left {
    Answer { raw: RawAnswer, commit: Option<CommitSha>, notes: Vec<String> },
    Nothing { failure: TurnFailure, salvage: Option<Salvage> },
}

/// Checks the clone of an agent that only reads: a vote is void if the voter changed what it reviewed. The edits of any other
/// agent are void and reported, and its answer counts.
async fn inspected(turn: PlacedTurn<'_>, answer: Result<RawAnswer, TurnFailure>) -> Result<Left, RunError> {
    let PlacedTurn { world, ask, clone_id, from, .. } = turn;
    let AfterTurn { found, mut notes } = world.workspace.inspect(clone_id, from).await?;
    Ok(match (answer, found) {
        (Err(failure), _) => Left::Nothing { failure, salvage: None },
        (Ok(_), Inspection::Tampered(what)) if ask.key.kind.is_vote() => {
            Left::Nothing { failure: TurnFailure::Tampered { what }, salvage: None }
        }
        (Ok(raw), Inspection::Tampered(what)) => {
            notes.push(format!("edits are not allowed in this turn and are dropped: {what}"));
            Left::Answer { raw, commit: None, notes }
        }
        (Ok(raw), Inspection::Untouched) => Left::Answer { raw, commit: None, notes },
    })
}

async fn harvested(turn: PlacedTurn<'_>, answer: Result<RawAnswer, TurnFailure>) -> Result<Left, RunError> {
    let PlacedTurn { world, guard, ask, clone_id, from } = turn;
    let raw = match answer {
        Ok(raw) => raw,
        Err(failure) => {
            let salvage = match keep_aside(world, clone_id, from).await {
                Ok(kept) => kept,
                // The failure is reported in any case; the next turn finds the files in the clone.
                Err(WorkspaceError::Git(text)) => {
                    world.operator.tell(&RunEvent::Warning { text });
                    None
                }
                Err(error) => return Err(error.into()),
            };
            return Ok(Left::Nothing { failure, salvage });
        }
    };
    let message = match ask.work(&raw) {
        LeftFiles::Commit(message) => message,
        LeftFiles::KeepAside => {
            keep_aside(world, clone_id, from).await?;
            return Ok(Left::Answer { raw, commit: None, notes: Vec::new() });
        }
    };
    let message = inert::plain(&sanitize::message(&guard.words(&message)?));
    let AfterTurn { found, notes } = match world.workspace.harvest(clone_id, from, &message).await {
        Ok(harvest) => harvest,
        // git cannot take the files, which stay in the clone: the coder is told why.
        Err(WorkspaceError::Git(why)) => {
            return Ok(Left::Nothing { failure: TurnFailure::UnfitFiles { why }, salvage: None });
        }
        Err(error) => return Err(error.into()),
    };
    let files = match &found {
        Harvest::Unchanged => Some(from),
        Harvest::Commit(commit) => Some(commit),
        Harvest::Unfit { .. } => None,
    };
    let found = match merge_turn::parents(ask).zip(files) {
        Some((parents, files)) => {
            merge_turn::merged(world, clone_id.subject(), &parents, files, &message).await?
        }
        None => found,
    };
    Ok(match found {
        Harvest::Unchanged => Left::Answer { raw, commit: None, notes },
        Harvest::Commit(commit) => Left::Answer { raw, commit: Some(commit), notes },
        Harvest::Unfit { why, salvage } => {
            telling::salvage(world, &salvage);
            let failure = TurnFailure::UnfitFiles { why };
            Left::Nothing { failure, salvage: Some(salvage) }
        }
    })
}

/// Saves the work of a coder that was stopped, unless it is in the user's checkout. If that fails, the next turn finds the
/// files in the clone.
async fn back_up(turn: PlacedTurn<'_>) {
    let PlacedTurn { world, ask, clone_id, from, .. } = turn;
    if ask.access != Access::Edit || world.workspace.is_user_checkout(clone_id) {
        return;
    }
    match world.workspace.back_up(clone_id, from).await {
        Ok(kept) => kept.iter().for_each(|salvage| telling::salvage(world, salvage)),
        Err(error) => world.operator.tell(&RunEvent::Warning { text: error.to_string() }),
    }
}

async fn keep_aside(
    world: &World,
    clone_id: &CloneId,
    head: &CommitSha,
) -> Result<Option<Salvage>, WorkspaceError> {
    let kept = world.workspace.salvage(clone_id, head).await?;
    if let Some(salvage) = &kept {
        telling::salvage(world, salvage);
    }
    Ok(kept)
}
