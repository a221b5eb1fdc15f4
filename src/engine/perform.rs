//! The one match over a step: each arm does one thing to the world, and nothing else.

use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::agent::Role;
use crate::domain::ending::{Ending, Failed};
use crate::domain::gate::{Finding, Measurement};
use crate::domain::ids::{ChainHash, CommitSha, GateName, PullRequestNumber, RunId};
use crate::domain::item::Item;
use crate::domain::pull_request::PullRequest;
use crate::domain::turn::TurnKey;
use crate::domain::usage::Usage;
use crate::flow::observed::Obstacle;
use crate::flow::review::state::ReviewState;
use crate::flow::step::{Ask, IssueOrder, Measure, PullRequestOrder, PushOrder, Step};
use crate::ledger::payload::Concluded;
use crate::ledger::record::{Draft, Payload};
use crate::ports::World;
use crate::ports::cancellation::Urgency;
use crate::ports::clock::Clock;
use crate::ports::forge::{Forge, ForgeError, Merge, NewIssue, NewPullRequest};
use crate::ports::gates::{GateOrder, GateReport, Gates};
use crate::ports::journal::{Entry, Finished, Journals};
use crate::ports::operator::Operator;
use crate::ports::run_event::RunEvent;
use crate::ports::workspace::{CloneId, Layout, Push, Workspace};
use crate::protocol::context::Clarification;
use crate::text::followup;
use crate::text::pull_request::{self, Purpose};
use crate::text::sanitize::{one_line, unmarked};

use super::brief::{self, About};
use super::outcome::{Outcome, RunError};
use super::publish::{self, Before, Published};
use super::run::{Engine, Handover};
use super::session::{Session, too_long};
use super::turns::{self, Ended, Start};

/// What the state was when the step was decided, as far as performing it takes.
pub(super) struct Situation<'now> {
    pub(super) about: &'now About,
    /// The end of the chain.
    pub(super) tail: &'now ChainHash,
    pub(super) items: &'now [Item],
    /// What a pull request would be for.
    pub(super) purpose: Option<&'now Purpose>,
    /// The review, if this is one.
    pub(super) review: Option<(&'now ReviewState, &'now PullRequest)>,
}

/// What follows a step.
pub(super) enum Next {
    Again,
    /// Go on with the review of a pull request.
    Review(PullRequestNumber, Box<Handover>),
    End(Box<Outcome>),
}

type JournalOf<W> = <<W as World>::Journals as Journals>::Journal;

impl<W: World> Engine<W> {
    /// Performs one step.
    pub(super) async fn perform(
        &mut self,
        session: &mut Session<JournalOf<W>>,
        step: Step,
        now: Situation<'_>,
    ) -> Result<Next, RunError> {
        match step {
            Step::Ask(asks) => self.ask(session, asks, &now).await.map(|()| Next::Again),
            Step::Await => self.await_turn(session).await.map(|()| Next::Again),
            Step::Measure(measure) => {
                self.measure(session, measure, &now.about.base).await.map(|()| Next::Again)
            }
            Step::Push(order) => self.push(session, order).await.map(|()| Next::Again),
            Step::OpenPullRequest(order) => {
                self.open_pull_request(session, order, now.purpose).await.map(|()| Next::Again)
            }
            Step::Publish(draft) => self.publish(session, *draft, &now).await,
            Step::Clarify { turn, questions } => {
                self.clarify(session, turn, questions).await.map(|()| Next::Again)
            }
            Step::FileIssue(order) => self.file_issue(session, order).await.map(|()| Next::Again),
            Step::Merge { head } => self.merge(session, &head, &now).await.map(|()| Next::Again),
            Step::Wait { what, until } => {
                session.waiting_since.get_or_insert(self.world.clock().now());
                self.wait(what, until).await;
                Ok(Next::Again)
            }
            Step::HandOver { run, pull_request, delivered, terms, spent } => {
                self.keep_unpublished(session, &run, delivered.as_ref()).await?;
                Ok(Next::Review(pull_request, Self::handover(session, run, delivered, terms, spent)))
            }
            Step::Stop { ending, message } => {
                Ok(Next::End(Box::new(outcome(session, ending, message, Usage::default(), &now))))
            }
        }
    }

    async fn ask(
        &mut self,
        session: &mut Session<JournalOf<W>>,
        asks: Vec<Ask>,
        now: &Situation<'_>,
    ) -> Result<(), RunError> {
        for ask in asks {
            self.tell_round(session, &ask);
            let finished = session.finished_turns(ask.key.role, &ask.key.label);
            let entry = finished.max(ask.published_turns);
            let mut order = brief::order(&*self.world, &session.subject, &ask, now.about, entry).await?;
            order.session = session.to_go_on_with(&ask, self.request.sessions);
            session.results.running.insert(ask.key.clone());
            session.results.surfaced.insert(ask.key.clone(), ask.expectation.requirements.clone());
            let (journal, guard) = (Arc::clone(&session.journal), Arc::clone(&self.guard));
            let persistence = self.request.persistence.clone();
            let start = Start { ask, order, journal, guard, persistence };
            let turn = turns::take(Arc::clone(&self.world), start, self.cancellation.clone());
            self.tasks.spawn(turn);
        }
        Ok(())
    }

    fn tell_round(&self, session: &mut Session<JournalOf<W>>, ask: &Ask) {
        let key = &ask.key;
        if key.role == Role::Reviewer && session.told_round != key.round {
            session.told_round = key.round;
            let (round, max_rounds, head) = (key.round, ask.max_rounds, key.head.clone());
            self.world.operator().tell(&RunEvent::RoundBegun { round, max_rounds, head });
        }
    }

    async fn await_turn(&mut self, session: &mut Session<JournalOf<W>>) -> Result<(), RunError> {
        match self.tasks.join_next().await {
            Some(Ok(Ended::Finished(entry))) => {
                if let Entry::Finished { turn, .. } = &*entry {
                    *session.results.attempts.entry(turn.clone()).or_default() += 1;
                }
                session.learn(*entry);
                Ok(())
            }
            Some(Ok(Ended::Cancelled(key))) => {
                session.results.running.remove(&key);
                Ok(())
            }
            Some(Ok(Ended::RunError(trouble))) => Err(trouble),
            Some(Err(error)) => Err(turns::ended_badly(&error)),
            None => Err(RunError::failed(Failed::Error, "a turn is awaited and none runs")),
        }
    }

    async fn measure(
        &self,
        session: &mut Session<JournalOf<W>>,
        measure: Measure,
        base: &CommitSha,
    ) -> Result<(), RunError> {
        let name = GateName::tests();
        let missing = || RunError::failed(Failed::Error, format!("the gate `{name}` is not measured here"));
        let gate = self.world.gates().gate(&name).ok_or_else(missing)?;
        let clone_id = CloneId::Gate { subject: session.subject.clone(), gate: name.clone() };
        let layout = Layout::Work { head: measure.head.clone(), branch: None, unfinished: None };
        let prepared = self.world.workspace().prepare(&clone_id, &layout).await?;
        let order = GateOrder {
            run: measure.run.clone(),
            subject: session.subject.clone(),
            gate: name.clone(),
            attempt: self.world.clock().unique(),
            base: base.clone(),
            head: measure.head.clone(),
            workdir: prepared.path,
        };
        let log = gate.log(&order).map(|path| path.display().to_string());
        let begun = RunEvent::GateBegun { gate: name.clone(), head: measure.head.clone(), log };
        self.world.operator().tell(&begun);
        let report = gate.measure(&order, self.cancellation.clone()).await;
        let GateReport::Measured { verdict, detail, findings, .. } = report else {
            return Ok(());
        };
        let detail = self.guard.words(&detail)?;
        let findings = findings.into_iter().map(|finding| {
            Ok(Finding { key: self.guard.words(&finding.key)?, text: self.guard.words(&finding.text)? })
        });
        let findings = findings.collect::<Result<_, RunError>>()?;
        self.world.operator().tell(&RunEvent::GateMeasured { gate: name.clone(), verdict });
        let tree = Some(self.world.workspace().tree(&measure.head).await?);
        let measurement = Measurement { gate: name, head: measure.head, tree, verdict, detail, findings };
        session.write(Entry::Measured { run: measure.run, round: measure.round, measurement }).await?;
        Ok(())
    }

    /// Moves a branch. A branch that somebody else moved is looked at again; the commit is kept aside.
    async fn push(&self, session: &mut Session<JournalOf<W>>, order: PushOrder) -> Result<(), RunError> {
        let PushOrder { branch, commit, expected } = order;
        // A push is short, but for another process that is in the way: only who wants to end at once leaves it.
        let push = self.world.workspace().push(&branch, &commit, expected.as_ref());
        match self.unless(Urgency::Kill, push).await? {
            Ok(Push::Done) => {
                session.obstacle = None;
                session.pushed = Some(commit.clone());
                self.world.operator().tell(&RunEvent::Pushed { branch, head: commit });
                Ok(())
            }
            Ok(Push::Moved(_)) => {
                let salvage = self.world.workspace().keep(&session.subject, &commit).await?;
                turns::tell_salvage(&*self.world, &salvage);
                Ok(())
            }
            Ok(Push::Refused(why)) => {
                session.obstacle = Some(Obstacle::PushRefused(why));
                Ok(())
            }
            Err(error) => {
                // Whether it happened is seen by looking; only if it did not, the error counts.
                if self.world.workspace().tip(&branch).await?.as_ref() == Some(&commit) {
                    Ok(())
                } else {
                    Err(error.into())
                }
            }
        }
    }

    async fn open_pull_request(
        &self,
        session: &mut Session<JournalOf<W>>,
        order: PullRequestOrder,
        purpose: Option<&Purpose>,
    ) -> Result<(), RunError> {
        let PullRequestOrder { branch, base_ref, title, body } = order;
        let body = self.guard.words(&body)?;
        let body = purpose.map_or_else(|| body.clone(), |purpose| pull_request::body(&body, purpose));
        let body = self.guard.words(&body)?;
        let words = one_line(&self.guard.words(&unmarked(&title))?, 120);
        // A title of nothing but letters that nobody sees.
        let title = if words.trim().is_empty() { branch.to_string() } else { words };
        let new = NewPullRequest { head_ref: branch.clone(), base_ref, title, body };
        let number = match self.world.forge().open_pull_request(&new).await {
            Ok(number) => number,
            // Whether it happened is seen by looking for a pull request from the branch.
            Err(ForgeError::Unreachable(why)) => {
                return session.miss_an_answer(&format!("open a pull request from {branch}"), &why);
            }
            Err(error @ (ForgeError::NotFound(_) | ForgeError::Refused(_) | ForgeError::Disk(_))) => {
                return Err(error.into());
            }
        };
        session.unanswered = 0;
        self.world.operator().tell(&RunEvent::PullRequestOpened { number, branch });
        Ok(())
    }

    async fn publish(
        &self,
        session: &mut Session<JournalOf<W>>,
        draft: Draft,
        now: &Situation<'_>,
    ) -> Result<Next, RunError> {
        if draft.payload.conclusion().is_some() {
            let head = now.review.map(|(_, pull_request)| &pull_request.head);
            self.keep_unpublished(session, &draft.run, head).await?;
        }
        self.look_before(&draft.payload, session, now.review.map(|(state, _)| state)).await?;
        let recorders = self.recorders();
        let before = Before { tail: now.tail, items: now.items, recorders: &recorders, guard: &self.guard };
        match publish::publish(&*self.world, session, &draft, before).await? {
            Published::Stands => {}
            Published::TooLong(bytes) => {
                self.reject(session, &draft, bytes).await?;
                return Ok(Next::Again);
            }
        }
        let Some(Concluded { ending, message, usage, .. }) = draft.payload.conclusion() else {
            return Ok(Next::Again);
        };
        let mut outcome = outcome(session, ending.clone(), message.clone(), *usage, now);
        outcome.run = Some(draft.run);
        Ok(Next::End(Box::new(outcome)))
    }

    /// Work whose words came to nothing is kept aside before its run ends.
    async fn keep_unpublished(
        &self,
        session: &Session<JournalOf<W>>,
        run: &RunId,
        head: Option<&CommitSha>,
    ) -> Result<(), RunError> {
        let workspace = self.world.workspace();
        for commit in session.commits_of(run) {
            let is_published = match head {
                Some(head) => *head == commit || workspace.contains(head, &commit).await?,
                None => false,
            };
            if !is_published {
                turns::tell_salvage(&*self.world, &workspace.keep(&session.subject, &commit).await?);
            }
        }
        Ok(())
    }

    /// An answer whose record does not fit into a comment becomes a failed turn.
    async fn reject(
        &self,
        session: &mut Session<JournalOf<W>>,
        draft: &Draft,
        bytes: usize,
    ) -> Result<(), RunError> {
        let speaker = match &draft.payload {
            Payload::Review(review) => (Role::Reviewer, &review.agent, &review.head),
            Payload::Answer(answer) => (Role::Coder, &answer.agent, &answer.head_before),
            Payload::Opened(_)
            | Payload::Gates(_)
            | Payload::FollowedUp(_)
            | Payload::Concluded(_)
            | Payload::Started(_)
            | Payload::Delivered(_)
            | Payload::DeliveryConcluded(_) => {
                return Err(RunError::failed(Failed::Error, format!("a record takes {bytes} bytes")));
            }
        };
        let Some(turn) = session.turn_of(draft, speaker) else {
            return Err(RunError::failed(Failed::Error, format!("a record takes {bytes} bytes")));
        };
        let (failure, usage) = (too_long(bytes), session.results.spent_on(&turn));
        let model = session.results.turns.get(&turn).and_then(|turn| turn.model.clone());
        let finished = Finished::Failed { failure, usage, log: None, salvage: None, model };
        session.write(Entry::Finished { turn, at: self.world.clock().now(), finished }).await?;
        Ok(())
    }

    async fn clarify(
        &self,
        session: &mut Session<JournalOf<W>>,
        turn: TurnKey,
        questions: Vec<String>,
    ) -> Result<(), RunError> {
        let mut cancellation = self.cancellation.clone();
        let given = tokio::select! {
            given = self.world.operator().ask(&questions) => given,
            () = cancellation.reached(Urgency::Stop) => return Ok(()),
        };
        let Some(given) = given else {
            let list = questions.join("\n- ");
            let message = format!("the coder has questions, and nobody is there to answer:\n- {list}");
            let reason = crate::domain::ending::NeedsHuman::Clarification;
            return Err(RunError { ending: Ending::NeedsHuman { reason }, message });
        };
        let pairs = questions.into_iter().zip(given);
        let answers = pairs.map(|(question, answer)| Clarification { question, answer }).collect();
        session.write(Entry::Clarified { turn, answers }).await?;
        Ok(())
    }

    /// Finds the issue that was filed before, by its marker or its title; else files it, and finds it the next time.
    async fn file_issue(
        &self,
        session: &mut Session<JournalOf<W>>,
        order: IssueOrder,
    ) -> Result<(), RunError> {
        let IssueOrder { key, parent, head, title, text, notes } = order;
        let title = followup::title(&self.guard.words(&unmarked(&title))?);
        let text = self.guard.words(&unmarked(&text))?;
        let notes: Vec<String> =
            notes.iter().map(|note| self.guard.words(&unmarked(note))).collect::<Result<_, _>>()?;
        let forge = self.world.forge();
        let mut known = forge.own_issues(key.as_str()).await?;
        known.extend(forge.own_issues(&title).await?);
        let found = known.iter().find(|one| followup::is_it(&one.title, &one.body, parent, &key, &title));
        if let Some(found) = found {
            session.results.filed.insert(key, found.number);
            return Ok(());
        }
        let body =
            followup::body(followup::Words { key: &key, parent, head: &head, text: &text, notes: &notes });
        match forge.file_issue(&NewIssue { title, body }).await {
            Ok(number) => {
                session.unanswered = 0;
                self.world.operator().tell(&RunEvent::IssueFiled { number });
                session.results.filed.insert(key, number);
                Ok(())
            }
            // Whether it happened is seen by looking for it.
            Err(ForgeError::Unreachable(why)) => {
                session.miss_an_answer("file an issue for a follow-up", &why)
            }
            Err(error @ (ForgeError::NotFound(_) | ForgeError::Refused(_) | ForgeError::Disk(_))) => {
                Err(error.into())
            }
        }
    }

    async fn merge(
        &self,
        session: &mut Session<JournalOf<W>>,
        head: &CommitSha,
        now: &Situation<'_>,
    ) -> Result<(), RunError> {
        let Some((_, pull_request)) = now.review else {
            return Err(RunError::failed(Failed::Error, "a merge without a pull request"));
        };
        let number = pull_request.number;
        match self.unless(Urgency::Kill, self.world.forge().merge(number, head)).await? {
            Ok(Merge::Merged(commit)) => self.world.operator().tell(&RunEvent::Merged { number, commit }),
            Ok(Merge::HeadMoved(_)) => {}
            Err(ForgeError::Unreachable(why)) => {
                session.miss_an_answer(&format!("merge pull request {number}"), &why)?;
            }
            Ok(Merge::Conflict(detail)) | Err(ForgeError::Refused(detail)) => {
                session.obstacle = Some(Obstacle::MergeConflict(detail));
            }
            Err(error @ (ForgeError::NotFound(_) | ForgeError::Disk(_))) => return Err(error.into()),
        }
        Ok(())
    }

    async fn wait(&self, what: String, until: Timestamp) {
        self.world.operator().tell(&RunEvent::Waiting { what, until });
        let mut cancellation = self.cancellation.clone();
        tokio::select! {
            () = self.world.clock().sleep_until(until) => {}
            () = cancellation.reached(Urgency::Stop) => {}
        }
    }
}

fn outcome<J: crate::ports::journal::Journal>(
    session: &Session<J>,
    ending: Ending,
    message: String,
    usage: Usage,
    now: &Situation<'_>,
) -> Outcome {
    let mut outcome = Outcome::bare(session.subject.clone(), ending, message);
    if let Some((state, pull_request)) = now.review {
        outcome = outcome.with_review(state, Some(&pull_request.head));
        outcome.pull_request = Some(pull_request.number);
        outcome.base = Some(now.about.base.clone());
    }
    outcome.usage = outcome.usage.larger(usage);
    outcome
}
