//! The match over steps: each arm performs one action.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::domain::ending::{Ending, Failed, NeedsHuman};
use crate::domain::failure::TurnFailure;
use crate::domain::flow_name::FlowName;
use crate::domain::gate::{Finding, Measurement};
use crate::domain::ids::{CommitSha, RunId};
use crate::domain::roster::SeatKey;
use crate::domain::subject::Subject;
use crate::domain::turn::TurnKey;
use crate::flow::ask::Ask;
use crate::flow::conclusion::Conclusion;
use crate::flow::step::{HandOver, MeasureOrder, Step};
use crate::ledger::envelope::Draft;
use crate::ports::cancellation::Urgency;
use crate::ports::gates::{GateOrder, GateReport};
use crate::ports::journal::{Entry, Finished};
use crate::ports::run_event::RunEvent;
use crate::ports::workspace::Workspace;
use crate::protocol::context::Clarification;

use super::context::RunContext;
use super::outcome::{Outcome, RunError};
use super::publish::{self, Published};
use super::results::results;
use super::session::{Freshness, Session};
use super::turns::{RunningTurns, Turned};
use super::{brief, clones, conclude, effects, lookup, measuring, observe, telling};

/// The result of a step.
pub(super) enum AfterStep {
    Again,
    HandOver(FlowName, Subject),
    End(Box<Outcome>),
}

/// Performs one step.
pub(super) async fn perform(
    cx: &RunContext,
    turns: &mut RunningTurns,
    session: &mut Session,
    step: Step,
) -> Result<AfterStep, RunError> {
    match step {
        Step::Lookup(lookup) => {
            lookup::look_up(cx, session, lookup).await?;
            return Ok(AfterStep::Again);
        }
        Step::Publish(draft) => {
            publish(cx, session, &draft).await?;
            return Ok(AfterStep::Again);
        }
        Step::Conclude(draft, conclusion) => return conclude_run(cx, session, &draft, &conclusion).await,
        Step::Stop(conclusion) => {
            return Ok(AfterStep::End(Box::new(conclude::of(cx, session, &conclusion).await)));
        }
        Step::HandOver(HandOver { flow, subject, head }) => {
            if let Some(run) = session.machine.run().map(|run| run.id.clone()) {
                keep_unpublished(cx, session, &run, Some(&head)).await?;
            }
            return Ok(AfterStep::HandOver(flow, subject));
        }
        Step::Ask(asks) => {
            ask(cx, turns, session, asks).await?;
            return Ok(AfterStep::Again);
        }
        Step::Effect(effect) => {
            effects::perform(cx, session, effect).await?;
            session.drop_facts();
            session.thread_is = Freshness::Stale;
            return Ok(AfterStep::Again);
        }
        Step::Await => await_turn(turns, session).await?,
        Step::Measure(order) => measure(cx, session, order).await?,
        Step::Clarify { turn, questions } => clarify(cx, session, turn, questions).await?,
        Step::Wait { what, until } => {
            session.waiting_since.get_or_insert(cx.world.clock.now());
            wait(cx, what, until).await;
            session.drop_awaited();
        }
    }
    session.time_has_passed();
    Ok(AfterStep::Again)
}

async fn ask(
    cx: &RunContext,
    turns: &mut RunningTurns,
    session: &mut Session,
    asks: Vec<Ask>,
) -> Result<(), RunError> {
    for ask in asks {
        if ask.expectation.voter.is_some() && session.results.nonce_secret.is_none() {
            session.write(Entry::Secret { secret: session.nonce_secret.clone() }).await?;
        }
        telling::round(cx, session, &ask);
        let finished = session.finished_turns(&ask.key.seat());
        let script_index = finished.max(ask.published_turns);
        let mut order = brief::order(cx, &session.subject, &ask, script_index).await?;
        order.session = session.to_go_on_with(&ask, cx.config.request.sessions);
        session.results.running.insert(ask.key.clone());
        session.results.surfaced.insert(ask.key.clone(), ask.expectation.requirements.clone());
        turns.start(cx, session, ask, order);
    }
    Ok(())
}

async fn await_turn(turns: &mut RunningTurns, session: &mut Session) -> Result<(), RunError> {
    match turns.next().await? {
        Turned::Finished(entry) => {
            if let Entry::Finished { turn, .. } = &*entry {
                *session.results.attempts.entry(turn.clone()).or_default() += 1;
            }
            session.learn(*entry);
        }
        Turned::Cancelled(key) => {
            session.results.running.remove(&key);
        }
    }
    Ok(())
}

/// Measures a gate, and writes the result to the journal.
pub(super) async fn measure(
    cx: &RunContext,
    session: &mut Session,
    order: MeasureOrder,
) -> Result<(), RunError> {
    let MeasureOrder { gate: name, run, round, against, head, task } = order;
    let missing = || RunError::failed(Failed::Error, format!("the gate `{name}` is not measured here"));
    let gate = cx.world.gates.gate(&name).ok_or_else(missing)?;
    let tree = cx.world.workspace.tree(&head).await?;
    let order = GateOrder {
        run: run.clone(),
        subject: session.subject.clone(),
        gate: name.clone(),
        attempt: cx.world.clock.unique(),
        base: cx.base(&against, &head).await?,
        head: head.clone(),
        tree: Some(tree.clone()),
        workdir: None,
        task,
    };
    let log = if gate.known(&tree).is_none() { gate.log(&order) } else { None };
    let log = log.map(|path| path.display().to_string());
    cx.tell(&RunEvent::GateBegun { gate: name.clone(), head: head.clone(), log });
    let (workspace, gates) = (&*cx.world.workspace, &*cx.world.gates);
    let report = measuring::measure(workspace, gates, gate, order, cx.cancellation.clone()).await?;
    let GateReport::Measured { verdict, detail, findings, remedy, repetition, log: _ } = report else {
        return Ok(());
    };
    let detail = cx.guard.words(&detail)?;
    let clean = |finding: Finding| {
        let (key, text) = (cx.guard.words(&finding.key)?, cx.guard.words(&finding.text)?);
        Ok(Finding { key, text, ..finding })
    };
    let findings = findings.into_iter().map(clean).collect::<Result<_, RunError>>()?;
    cx.tell(&RunEvent::GateMeasured { gate: name.clone(), verdict });
    let measurement =
        Measurement { gate: name, head, tree: Some(tree), verdict, detail, findings, remedy, repetition };
    session.write(Entry::Measured { run, round, measurement }).await?;
    Ok(())
}

async fn publish(cx: &RunContext, session: &mut Session, draft: &Draft) -> Result<(), RunError> {
    look_at_checkouts(cx, session, draft).await?;
    inherit(cx, session, draft).await?;
    match publish::publish(cx, session, draft).await? {
        Published::Written => Ok(()),
        Published::TooLong(bytes) => reject(cx, session, draft, bytes).await,
    }
}

/// The run has ended when its last record is in the thread; until then the same decision writes the record again.
async fn conclude_run(
    cx: &RunContext,
    session: &mut Session,
    draft: &Draft,
    conclusion: &Conclusion,
) -> Result<AfterStep, RunError> {
    keep_unpublished(cx, session, &draft.run, conclude::head(session).as_ref()).await?;
    publish(cx, session, draft).await?;
    observe::read_on(cx, session).await?;
    let ended = session.machine.run().and_then(|run| run.ending.as_ref()) == Some(conclusion.ending());
    if !ended {
        return Ok(AfterStep::Again);
    }
    let outcome = conclude::of(cx, session, conclusion).await;
    if outcome.ending.has_outer_cause() {
        let (ending, next) = (outcome.ending.clone(), outcome.next.clone());
        session.write(Entry::Concluded { ending, next }).await?;
    }
    Ok(AfterStep::End(Box::new(outcome)))
}

/// Returns an error if the record opens a run whose user checkouts would be refused: a run that cannot continue must not be
/// opened.
async fn look_at_checkouts(cx: &RunContext, session: &Session, draft: &Draft) -> Result<(), RunError> {
    for participant in &draft.participants {
        let clone_id = clones::clone_id(&session.subject, participant);
        cx.world.workspace.check_user_checkout(&clone_id).await?;
    }
    Ok(())
}

/// Inherits turns and the task of the subject that handed the run over: the index in a script continues, and no thread has the
/// text of a task.
async fn inherit(cx: &RunContext, session: &mut Session, draft: &Draft) -> Result<(), RunError> {
    if let (Subject::Task(_), Some(task), None) =
        (&session.subject, &session.task, &session.results.provenance.task)
    {
        let words = task.clone();
        session.write(Entry::Task { words }).await?;
    }
    let Some(source) = draft.continues.clone() else { return Ok(()) };
    let entries = cx.world.journals.peek(&source).await?;
    let earlier = results(entries);
    if let (Some(words), None) = (earlier.provenance.task, &session.results.provenance.task) {
        session.write(Entry::Task { words }).await?;
    }
    // A crash may have happened between two of these entries.
    for (seat, turns) in earlier.finished {
        if session.finished_turns(&seat) == 0 {
            let (SeatKey { role, label }, from) = (seat, Some(source.clone()));
            session.write(Entry::Inherited { label, role, turns, from }).await?;
        }
    }
    Ok(session.hold_source(&*cx.world.journals).await?)
}

/// Salvages work without a valid answer, or work that is no longer on the branch, before its run ends.
async fn keep_unpublished(
    cx: &RunContext,
    session: &Session,
    run: &RunId,
    head: Option<&CommitSha>,
) -> Result<(), RunError> {
    let workspace = &*cx.world.workspace;
    let made: BTreeSet<CommitSha> = session.commits_of(run).into_iter().collect();
    for commit in &made {
        if !is_contained(workspace, head, commit).await? {
            telling::salvage(&cx.world, &workspace.keep(&session.subject, commit).await?);
        }
    }
    // A commit that another machine made may be unknown here.
    if let Some(ours) = session.machine.view().ours.filter(|ours| !made.contains(ours))
        && !is_contained(workspace, head, &ours).await?
        && let Ok(salvage) = workspace.keep(&session.subject, &ours).await
    {
        telling::salvage(&cx.world, &salvage);
    }
    Ok(())
}

async fn is_contained(
    workspace: &dyn Workspace,
    head: Option<&CommitSha>,
    commit: &CommitSha,
) -> Result<bool, RunError> {
    match head {
        Some(head) => Ok(head == commit || workspace.contains(head, commit).await?),
        None => Ok(false),
    }
}

/// Turns an answer whose record does not fit into a comment into a failed turn.
async fn reject(cx: &RunContext, session: &mut Session, draft: &Draft, bytes: usize) -> Result<(), RunError> {
    let Some(turn) = draft.from.clone() else {
        return Err(RunError::failed(Failed::Error, format!("a record takes {bytes} bytes")));
    };
    // The question may have been asked again: the last turn gave the answer.
    let is_it = |key: &&TurnKey| TurnKey { again: turn.again, retry: turn.retry, ..(*key).clone() } == turn;
    let turn = session.results.turns.keys().rev().find(is_it).cloned().unwrap_or(turn);
    let failure =
        TurnFailure::Malformed { complaints: vec![format!("too long: its record takes {bytes} bytes")] };
    let usage = session.results.spent_on(&turn);
    let model = session.results.turns.get(&turn).and_then(|turn| turn.model.clone());
    let finished = Finished::Failed { failure, usage, log: None, salvage: None, model };
    session.write(Entry::Finished { turn, at: cx.world.clock.now(), finished }).await?;
    Ok(())
}

async fn clarify(
    cx: &RunContext,
    session: &mut Session,
    turn: TurnKey,
    questions: Vec<String>,
) -> Result<(), RunError> {
    let mut cancellation = cx.cancellation.clone();
    let given = tokio::select! {
        given = cx.world.operator.ask(&questions) => given,
        () = cancellation.reached(Urgency::Stop) => return Ok(()),
    };
    let given = given.map_err(|why| {
        let message = format!("the coder's questions were not answered: {why}\n- {}", questions.join("\n- "));
        RunError::new(Ending::NeedsHuman { reason: NeedsHuman::Clarification }, message)
    })?;
    let pairs = questions.into_iter().zip(given);
    let answers = pairs.map(|(question, answer)| Clarification { question, answer }).collect();
    session.write(Entry::Clarified { turn, answers }).await?;
    Ok(())
}

async fn wait(cx: &RunContext, what: String, until: Timestamp) {
    cx.tell(&RunEvent::Waiting { what, until });
    let mut cancellation = cx.cancellation.clone();
    tokio::select! {
        () = cx.world.clock.sleep_until(until) => {}
        () = cancellation.reached(Urgency::Stop) => {}
    }
}
