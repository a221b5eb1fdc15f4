//! The loop: read, decide, perform, until a run has ended. After a handover the next flow continues in another session.

use std::ops::ControlFlow;
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::ending::{Ending, Failed, Refused};
use crate::domain::explanation::Explanation;
use crate::domain::flow_name::FlowName;
use crate::domain::ids::RunId;
use crate::domain::nonce::NonceSecret;
use crate::domain::subject::Subject;
use crate::flow::conclusion::Conclusion;
use crate::flow::context::{FlowContext, FurtherTurns};
use crate::flow::step::{Effect, Next, Step};
use crate::ports::World;
use crate::ports::cancellation::{Cancellation, Canceller, Urgency};
use crate::ports::journal::Entry;
use crate::ports::run_event::RunEvent;
use crate::protocol::context::ContextSubject;
use crate::text::sanitize::one_line;

pub use super::context::{Bases, EngineConfig};
use super::context::{INTERRUPTED, RunContext};
use super::guard::Guard;
use super::outcome::{Outcome, RunError};
use super::perform::{self, AfterStep};
use super::session::{EarlierJournals, Fresh, Freshness, Session};
use super::turns::RunningTurns;
use super::{conclude, display, lookup, observe, results, telling};

/// A person's request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    pub flow: FlowName,
    pub subject: Subject,
    /// The text of a task; other subjects have their text on the forge.
    pub task: Option<String>,
}

/// An engine: a world, a request, and the running turns.
pub struct Engine {
    cx: RunContext,
    canceller: Arc<Canceller>,
    turns: RunningTurns,
}

impl Engine {
    pub fn new(
        world: World,
        config: EngineConfig,
        canceller: Arc<Canceller>,
        cancellation: Cancellation,
    ) -> Self {
        let guard = Arc::new(Guard::new(config.secrets.clone()));
        let cx = RunContext { world, config, guard, cancellation };
        Self { cx, canceller, turns: RunningTurns::default() }
    }

    /// Performs the request. When it returns, none of its turns is running.
    pub async fn run(mut self, assignment: Assignment) -> Outcome {
        let subject = assignment.subject.clone();
        let result = self.drive(assignment).await;
        let mut outcome = result.unwrap_or_else(|trouble| Outcome::of_error(subject, trouble));
        if self.turns.are_running() {
            self.canceller.raise(Urgency::Stop);
            let has_failed = matches!(outcome.ending, Ending::Failed { .. } | Ending::Refused { .. });
            // The first error is reported.
            if let (Err(trouble), false) = (self.turns.drain().await, has_failed) {
                (outcome.ending, outcome.message) = (trouble.ending, trouble.message);
            }
        }
        outcome.message = self.cx.guard.message(&outcome.message);
        outcome.redacted = self.cx.guard.found();
        outcome
    }

    /// Explains what an approval of the subject needs. It reads facts and measures gates, and publishes nothing.
    ///
    /// # Errors
    /// Returns why there is no explanation.
    pub async fn explain(&self, assignment: Assignment) -> Result<Explanation, RunError> {
        let Assignment { flow, subject, task } = assignment;
        let mut session = self.open(flow, subject, Vec::new()).await?;
        session.task = task;
        observe::read_on(&self.cx, &mut session).await?;
        loop {
            if self.cx.cancellation.urgency() != Urgency::GoOn {
                return Err(RunError::new(Ending::Interrupted, INTERRUPTED));
            }
            let explained = in_context(&self.cx, &session, |context| session.machine.explain(context));
            let next = match explained {
                ControlFlow::Continue(explanation) => return Ok(explanation),
                ControlFlow::Break(next) => next,
            };
            match next {
                Next::Do(Step::Lookup(lookup)) => lookup::look_up(&self.cx, &mut session, lookup).await?,
                Next::Do(Step::Measure(order)) => perform::measure(&self.cx, &mut session, order).await?,
                Next::Do(Step::Stop(conclusion)) | Next::End(conclusion) => {
                    let error = RunError::new(conclusion.ending().clone(), conclusion.message());
                    let next = conclude::next_command(&self.cx, &session, &conclusion);
                    return Err(next.into_iter().fold(error, RunError::with_next));
                }
                Next::Do(
                    Step::Ask(_)
                    | Step::Await
                    | Step::Publish(_)
                    | Step::Conclude(..)
                    | Step::Effect(_)
                    | Step::Clarify { .. }
                    | Step::Wait { .. }
                    | Step::HandOver(_),
                )
                | Next::NoMoreTurns => {
                    let message = format!("an explanation of {} needs a run", session.subject);
                    return Err(RunError::failed(Failed::Error, message));
                }
            }
        }
    }

    async fn drive(&mut self, assignment: Assignment) -> Result<Outcome, RunError> {
        let Assignment { flow, subject, task } = assignment;
        let mut session = self.open(flow, subject, Vec::new()).await?;
        session.task = task;
        loop {
            let step = self.step(&mut session).await;
            if let Err(RunError { ending: Ending::Parked { resets_at, .. }, .. }) = &step {
                let at = self.cx.world.clock.now();
                session.write(Entry::Limited { at, until: *resets_at }).await?;
            }
            match step? {
                AfterStep::Again => {}
                AfterStep::End(outcome) => {
                    let ended = session.machine.run().and_then(|run| run.ending.as_ref());
                    if ended == Some(&outcome.ending) {
                        display::show(&self.cx, &mut session, None).await;
                    }
                    return Ok(*outcome);
                }
                AfterStep::HandOver(flow, subject) => {
                    let unpriced = std::mem::take(&mut session.emitted.unpriced);
                    let warned_about = std::mem::take(&mut session.warned_about);
                    session = self.open(flow, subject, session.hand_over()).await?;
                    session.warned_about = warned_about;
                    session.emitted.unpriced = unpriced;
                }
            }
        }
    }

    async fn open(
        &self,
        flow: FlowName,
        subject: Subject,
        earlier: EarlierJournals,
    ) -> Result<Session, RunError> {
        self.cx.tell(&RunEvent::Begun { subject: subject.clone() });
        // A flow may hand over to another flow on its own subject.
        let held = earlier.iter().find(|(held, _)| *held == subject).map(|(_, journal)| Arc::clone(journal));
        let journal = match held {
            Some(journal) => journal,
            None => self.cx.world.journals.open(&subject).await?,
        };
        let clock = &self.cx.world.clock;
        let name = format!("{}-{}", clock.now().strftime("%Y%m%d-%H%M%S"), clock.unique());
        let run =
            RunId::try_from(name).map_err(|error| RunError::failed(Failed::Error, error.to_string()))?;
        let message = format!("the flow `{flow}` is not about {subject}");
        let fresh = Fresh { run, nonce_secret: NonceSecret::new(clock.secret()) };
        let mut session = Session::new(flow, subject, journal, earlier, fresh)
            .ok_or_else(|| RunError::refused(Refused::Unsupported, message))?;
        session.hold_source(&*self.cx.world.journals).await?;
        Ok(session)
    }

    /// Performs one step: reads the thread if a record was written, decides, and acts.
    async fn step(&mut self, session: &mut Session) -> Result<AfterStep, RunError> {
        if session.thread_is == Freshness::Missing {
            observe::read_on(&self.cx, session).await?;
        }
        if let Some(outcome) = self.interrupted(session).await? {
            return Ok(AfterStep::End(Box::new(outcome)));
        }
        let step = decide(&self.cx, session);
        if takes_fresh_facts(&step, session.waiting_since) && session.facts_are != Freshness::Fresh {
            session.drop_facts();
            if session.thread_is != Freshness::Fresh {
                observe::read_on(&self.cx, session).await?;
            }
            return Ok(AfterStep::Again);
        }
        if !matches!(step, Step::Lookup(_)) {
            telling::state(&self.cx, session);
            display::show(&self.cx, session, Some(&step)).await;
        }
        match perform::perform(&self.cx, &mut self.turns, session, step).await {
            // No flow sees the setup of a clone, but the run has ended, not been interrupted.
            Err(RunError { ending: Ending::Inconclusive, message, next }) => {
                let conclusion = Conclusion::inconclusive(message);
                let conclusion = next.into_iter().fold(conclusion, Conclusion::with_next);
                let end = in_context(&self.cx, session, |cx| session.machine.conclude(cx, conclusion));
                perform::perform(&self.cx, &mut self.turns, session, end).await
            }
            performed => performed,
        }
    }

    /// Handles INT or TERM: ends the running turns and keeps their work, so that the run can be resumed. If some of the work
    /// cannot be kept, the run ends with that error.
    async fn interrupted(&mut self, session: &mut Session) -> Result<Option<Outcome>, RunError> {
        if self.cx.cancellation.urgency() == Urgency::GoOn {
            return Ok(None);
        }
        for entry in self.turns.drain().await? {
            session.learn(entry);
        }
        // A person who stops a parked run does not want cron to resume it.
        session.write(Entry::Stopped { at: self.cx.world.clock.now() }).await?;
        let bare = Outcome::bare(session.subject.clone(), Ending::Interrupted, INTERRUPTED.to_owned());
        let has_questions = matches!(decide(&self.cx, session), Step::Clarify { .. });
        let next = has_questions.then(|| format!("agent-loop resume {} --interactive", session.subject));
        let run = session.machine.run();
        let usage = run.map(|run| results::interrupted(run, &session.journal.entries())).unwrap_or_default();
        Ok(Some(Outcome { usage, next, ..conclude::seen(&self.cx, session, bare) }))
    }
}

fn decide(cx: &RunContext, session: &Session) -> Step {
    in_context(cx, session, |context| session.machine.next(context))
}

fn in_context<T>(cx: &RunContext, session: &Session, decide: impl FnOnce(&FlowContext<'_>) -> T) -> T {
    let task = session.task.as_deref().or(session.results.provenance.task.as_deref()).map(task);
    let now: Timestamp = cx.world.clock.now();
    decide(&FlowContext {
        now,
        fresh_run: &session.fresh_run,
        resumed_run: session.resumed_run.as_ref(),
        nonce_secret: &session.nonce_secret,
        request: &cx.config.request,
        abilities: &cx.config.abilities,
        results: &session.results,
        obstacle: session.obstacle.as_ref(),
        waiting_since: session.waiting_since,
        task: task.as_ref(),
        base_ref: cx.base_ref(),
        facts: &session.facts,
        turns: FurtherTurns::Allowed,
    })
}

/// Returns a task as its turns see it.
fn task(text: &str) -> ContextSubject {
    ContextSubject {
        kind: "task".to_owned(),
        number: None,
        title: one_line(text, 80),
        body: text.trim().to_owned(),
        comments: Arc::default(),
    }
}

/// Returns whether a step starts a turn, changes the forge or ends the run: then it must be decided on fresh facts.
fn takes_fresh_facts(step: &Step, waiting_since: Option<Timestamp>) -> bool {
    match step {
        Step::Ask(_)
        | Step::Measure(_)
        | Step::Conclude(..)
        | Step::Effect(Effect::Merge { .. })
        | Step::Clarify { .. }
        | Step::HandOver(_)
        | Step::Stop(_) => true,
        // During a wait only the awaited facts are read; the step after the wait needs fresh facts.
        Step::Wait { .. } => waiting_since.is_none(),
        // The forge protects a push by the expected commit; pull requests and issues are searched for before and after.
        Step::Effect(Effect::Push(_) | Effect::OpenPullRequest(_) | Effect::FileIssue(_))
        | Step::Lookup(_)
        | Step::Await
        | Step::Publish(_) => false,
    }
}
