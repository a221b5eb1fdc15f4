//! The loop from an issue or a task to its pull request.

use crate::domain::branch_names;
use crate::domain::ending::{Failed, Refused};
use crate::domain::ids::{BranchName, ChainHash, CommitSha, IssueNumber, PullRequestNumber, RunId};
use crate::domain::pull_request::{PullRequest, PullRequestState};
use crate::domain::requirement::Requirements;
use crate::domain::subject::Subject;
use crate::domain::usage::Usage;
use crate::flow::delivery::{self, state::DeliveryState};
use crate::flow::observed::{DeliveryObserved, Workable};
use crate::flow::request::Terms;
use crate::ledger::record::{Flow, Payload, Record};
use crate::ledger::replay::Continuity;
use crate::ports::World;
use crate::ports::forge::{Forge, IssueState, Thread};
use crate::ports::workspace::Workspace;
use crate::protocol::context::ContextSubject;
use crate::text::pull_request::Purpose;

use super::brief::About;
use super::observe;
use super::origin;
use super::outcome::{Outcome, RunError};
use super::people;
use super::perform::{Next, Situation};
use super::publish;
use super::run::{Engine, Handover, JournalOf};
use super::session::Session;

impl<W: World> Engine<W> {
    pub(super) async fn deliver_issue(&mut self, number: IssueNumber) -> Result<Outcome, RunError> {
        let mut session = self.open(&Subject::Issue(number)).await?;
        self.refresh().await?;
        loop {
            let issue = self.world.forge().issue(number).await?;
            let chain = self.chain(Flow::Delivery, &session.subject);
            let replay = observe::read(&chain, &self.recorders(), &issue.comments);
            if session.known.is_none() {
                self.refuse_other_recorders(&replay, &chain, &issue.comments)?;
            }
            let seen = observe::take_in(&*self.world, &mut session, replay)?;
            let people = people::listen(&self.trust, Some(&issue), &[]);
            let workable = match issue.state {
                IssueState::Open => Workable::Open,
                IssueState::Closed => Workable::Closed,
            };
            let about = origin::of_issue(&issue, people.of_the_issue);
            let work = Work {
                stem: branch_names::of_issue(number),
                workable,
                about,
                purpose: Purpose::Issue(number),
                requirements: people.requirements,
                records: seen.records,
                tail: seen.tail,
                continuity: seen.continuity,
            };
            match self.delivery_step(&mut session, work).await? {
                Next::Again => {}
                Next::End(outcome) => return Ok(*outcome),
                Next::Review(number, handover) => return self.review(number, Some(*handover)).await,
            }
        }
    }

    pub(super) async fn deliver_task(&mut self, text: &str) -> Result<Outcome, RunError> {
        let key = self.task_key(text);
        let mut session = self.open(&Subject::Task(key.clone())).await?;
        self.refresh().await?;
        loop {
            let chain = self.chain(Flow::Delivery, &session.subject);
            let replay = observe::read_local(&chain, &self.world.forge().login(), &session.local_records());
            let seen = observe::take_in(&*self.world, &mut session, replay)?;
            let work = Work {
                stem: branch_names::of_task(&key),
                workable: Workable::Open,
                about: origin::of_task(text),
                purpose: Purpose::Task(key.clone()),
                requirements: Requirements::default(),
                records: seen.records,
                tail: seen.tail,
                continuity: seen.continuity,
            };
            match self.delivery_step(&mut session, work).await? {
                Next::Again => {}
                Next::End(outcome) => return Ok(*outcome),
                Next::Review(number, handover) => {
                    let words = Some(text.trim().to_owned());
                    return self.review(number, Some(Handover { words, ..*handover })).await;
                }
            }
        }
    }

    async fn delivery_step(
        &mut self,
        session: &mut Session<JournalOf<W>>,
        work: Work,
    ) -> Result<Next, RunError> {
        let state = DeliveryState::fold(&work.records);
        self.tell_unpriced(session, state.run.as_ref().map(|run| &run.id));
        if let Some(outcome) = self.interrupted(session, None).await? {
            return Ok(Next::End(Box::new(outcome)));
        }
        let (branch, pull_request) = self.branch_for(&work.stem).await?;
        let branch_tip = self.world.workspace().tip(&branch).await?;
        let base_ref =
            state.run.as_ref().filter(|run| run.is_open()).map_or(self.base_ref(), |run| &run.base_ref);
        let Some(base_tip) = self.world.workspace().tip(base_ref).await? else {
            return Err(RunError::refused(
                Refused::Usage,
                format!("there is no branch `{base_ref}`; name another with --base"),
            ));
        };
        let delivery_record = match (&session.subject, &pull_request) {
            (Subject::Task(_), Some(found)) => self.delivery_record(session, found.number).await?,
            (Subject::Task(_) | Subject::Issue(_) | Subject::PullRequest(_), _) => None,
        };
        let seen = DeliveryObserved {
            common: self.common(session, &work.requirements, work.continuity)?,
            workable: work.workable,
            base: (base_ref.clone(), base_tip.clone()),
            branch,
            branch_tip: branch_tip.clone(),
            pull_request: pull_request.as_ref(),
            delivery_record,
        };
        let step = delivery::next::next(&state, &seen);
        let base = match (&state.run, &branch_tip) {
            (Some(run), Some(tip)) => self.common_base(&run.base, tip).await?,
            (Some(run), None) => run.base.clone(),
            (None, _) => base_tip,
        };
        let about = About {
            task: origin::words(&work.about),
            origin: None,
            subject: work.about,
            base,
            gates: Vec::new(),
        };
        let situation = Situation {
            about: &about,
            tail: &work.tail,
            items: &[],
            purpose: Some(&work.purpose),
            review: None,
        };
        self.perform(session, step, situation).await
    }

    /// The branch of a delivery, with the pull request from it: after a closed one, the next name.
    pub(super) async fn branch_for(&self, stem: &str) -> Result<(BranchName, Option<PullRequest>), RunError> {
        for number in 1_u32.. {
            let name = if number == 1 { stem.to_owned() } else { format!("{stem}-{number}") };
            let branch: BranchName =
                name.parse().map_err(|error| RunError::failed(Failed::Error, format!("{error}")))?;
            let found = self.world.forge().pull_requests_from(&branch).await?;
            let standing = found.iter().rev().find(|one| one.state != PullRequestState::Closed).cloned();
            if standing.is_some() || found.is_empty() {
                return Ok((branch, standing));
            }
        }
        Err(RunError::failed(Failed::Error, "no branch name is left"))
    }

    /// Whether a pull request's thread holds the record that it came from this task.
    pub(super) async fn delivery_record(
        &self,
        session: &Session<JournalOf<W>>,
        number: PullRequestNumber,
    ) -> Result<Option<PullRequestNumber>, RunError> {
        let comments = publish::comments(&*self.world, Thread::PullRequest(number)).await?;
        let chain = self.chain(Flow::Delivery, &session.subject);
        let replay = observe::read(&chain, &self.recorders(), &comments);
        let is_delivered = |record: &Record| matches!(record.payload, Payload::Delivered(_));
        Ok(replay.records.iter().any(is_delivered).then_some(number))
    }

    /// What a delivery hands over.
    pub(super) fn handover(
        session: &Session<JournalOf<W>>,
        run: RunId,
        delivered: Option<CommitSha>,
        terms: Option<Terms>,
        spent: Usage,
    ) -> Box<Handover> {
        let who = session.who_finished().into_iter();
        let turns = who.map(|(role, label)| {
            let count = session.finished_turns(role, &label);
            (role, label, count)
        });
        let subject = session.subject.clone();
        Box::new(Handover { run, delivered, terms, spent, subject, turns: turns.collect(), words: None })
    }
}

/// What a delivery works from, read anew before each step.
struct Work {
    stem: String,
    workable: Workable,
    about: ContextSubject,
    purpose: Purpose,
    requirements: Requirements,
    records: Vec<Record>,
    tail: ChainHash,
    continuity: Continuity,
}
