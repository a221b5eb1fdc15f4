//! The loop: from a delivery to the review of its pull request, or straight to a review. One step at a time.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::domain::agent::Role;
use crate::domain::ending::{Ending, Failed};
use crate::domain::ids::{BranchName, CommitSha, IssueNumber, Label, PullRequestNumber, RunId, TaskKey};
use crate::domain::pull_request::{PullRequest, PullRequestState};
use crate::domain::subject::Subject;
use crate::flow::delivery::{self, state::DeliveryState};
use crate::flow::observed::{Abilities, Common, DeliveryObserved, Lineage, ReviewObserved, Workable};
use crate::flow::request::{Request, Terms};
use crate::flow::review::{self, state::ReviewState};
use crate::ledger::chain::{Chain, task_key};
use crate::ledger::record::{Flow, Payload, Record};
use crate::ports::World;
use crate::ports::cancellation::{Cancellation, Canceller, Urgency};
use crate::ports::clock::Clock;
use crate::ports::forge::{Forge, IssueState, Thread};
use crate::ports::happening::Happening;
use crate::ports::journal::{Entry, Journals};
use crate::ports::operator::Operator;
use crate::ports::workspace::Workspace;
use crate::protocol::context::ContextSubject;
use crate::text::pull_request::Purpose;

use super::brief::{self, About};
use super::observe;
use super::outcome::{Outcome, Trouble};
use super::perform::{Next, Situation};
use super::publish;
use super::session::Session;
use super::turns::Ended;

/// What a person wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assignment {
    /// Review and mend an open pull request.
    PullRequest(PullRequestNumber),
    /// Do what an issue says.
    Issue(IssueNumber),
    /// Do what these words say.
    Task(String),
}

/// An engine: a world, what was asked for, and the turns that run.
pub struct Engine<W: World> {
    pub(super) world: Arc<W>,
    pub(super) request: Request,
    pub(super) abilities: Abilities,
    base: Option<BranchName>,
    default_base: BranchName,
    canceller: Arc<Canceller>,
    pub(super) cancellation: Cancellation,
    pub(super) tasks: JoinSet<Ended>,
}

/// What a delivery hands over to the review of its pull request.
#[derive(Debug, Clone)]
pub(super) struct Handover {
    run: RunId,
    delivered: Option<CommitSha>,
    terms: Option<Terms>,
    turns: Vec<(Role, Label, u32)>,
}

/// The branches of a repository, as far as they are asked for.
#[derive(Debug, Clone)]
pub struct Bases {
    /// `--base`
    pub asked: Option<BranchName>,
    /// The branch that is changed when none was asked for.
    pub default: BranchName,
}

type JournalOf<W> = <<W as World>::Journals as Journals>::Journal;

impl<W: World> Engine<W> {
    /// An engine on a world.
    pub fn new(
        world: Arc<W>,
        request: Request,
        abilities: Abilities,
        bases: Bases,
        (canceller, cancellation): (Arc<Canceller>, Cancellation),
    ) -> Self {
        Self {
            world,
            request,
            abilities,
            base: bases.asked,
            default_base: bases.default,
            canceller,
            cancellation,
            tasks: JoinSet::new(),
        }
    }

    /// Does what was asked, to its end. When it returns, none of its turns runs any more.
    pub async fn run(mut self, assignment: Assignment) -> Outcome {
        let subject = self.subject(&assignment);
        let result = match assignment {
            Assignment::PullRequest(number) => self.review(number, None).await,
            Assignment::Issue(number) => self.deliver_issue(number).await,
            Assignment::Task(text) => self.deliver_task(&text).await,
        };
        let outcome =
            result.unwrap_or_else(|trouble| Outcome::bare(subject, trouble.ending, trouble.message));
        if !self.tasks.is_empty() {
            self.canceller.raise(Urgency::Stop);
            while self.tasks.join_next().await.is_some() {}
        }
        outcome
    }

    fn subject(&self, assignment: &Assignment) -> Subject {
        match assignment {
            Assignment::PullRequest(number) => Subject::PullRequest(*number),
            Assignment::Issue(number) => Subject::Issue(*number),
            Assignment::Task(text) => Subject::Task(self.task_key(text)),
        }
    }

    fn base_ref(&self) -> &BranchName {
        self.base.as_ref().unwrap_or(&self.default_base)
    }

    fn task_key(&self, text: &str) -> TaskKey {
        task_key(&self.world.forge().repository_id(), self.base_ref(), text)
    }

    async fn open(&self, subject: &Subject) -> Result<Session<JournalOf<W>>, Trouble> {
        self.world.operator().tell(&Happening::Begun {
            subject: subject.clone(),
        });
        Ok(Session::new(
            subject.clone(),
            self.world.journals().open(subject).await?,
        ))
    }

    async fn deliver_issue(&mut self, number: IssueNumber) -> Result<Outcome, Trouble> {
        let mut session = self.open(&Subject::Issue(number)).await?;
        self.world.workspace().refresh().await?;
        loop {
            let issue = self.world.forge().issue(number).await?;
            let chain = self.chain(Flow::Delivery, &session.subject);
            let replay = observe::read(&chain, &self.world.forge().login(), &issue.comments);
            let seen = observe::take_in(&*self.world, &mut session, replay)?;
            let workable = match issue.state {
                IssueState::Open => Workable::Open,
                IssueState::Closed => Workable::Closed,
            };
            let about = ContextSubject {
                kind: "issue".to_owned(),
                number: Some(number.0),
                title: issue.title.clone(),
                body: issue.body.clone(),
                comments: brief::discussion(&*self.world, &issue.comments),
            };
            let work = Work {
                stem: format!("agent-loop/issue-{number}"),
                workable,
                task: format!("{}\n\n{}", issue.title, issue.body),
                about,
                purpose: Purpose::Issue(number),
                records: seen.records,
                tail: seen.tail,
                continuity: seen.continuity,
            };
            match self.delivery_step(&mut session, work).await? {
                Next::Again => {}
                Next::End(outcome) => return Ok(*outcome),
                Next::Review(number, handover) => return self.review(number, Some(handover)).await,
            }
        }
    }

    async fn deliver_task(&mut self, text: &str) -> Result<Outcome, Trouble> {
        let key = self.task_key(text);
        let mut session = self.open(&Subject::Task(key.clone())).await?;
        self.world.workspace().refresh().await?;
        loop {
            let chain = self.chain(Flow::Delivery, &session.subject);
            let replay = observe::read_local(&chain, &self.world.forge().login(), &session.local_records());
            let seen = observe::take_in(&*self.world, &mut session, replay)?;
            let work = Work {
                stem: format!("agent-loop/task-{key}"),
                workable: Workable::Open,
                task: text.trim().to_owned(),
                about: ContextSubject {
                    kind: "task".to_owned(),
                    number: None,
                    title: crate::text::neutral::one_line(text, 80),
                    body: text.trim().to_owned(),
                    comments: Vec::new(),
                },
                purpose: Purpose::Task(key.clone()),
                records: seen.records,
                tail: seen.tail,
                continuity: seen.continuity,
            };
            match self.delivery_step(&mut session, work).await? {
                Next::Again => {}
                Next::End(outcome) => return Ok(*outcome),
                Next::Review(number, handover) => return self.review(number, Some(handover)).await,
            }
        }
    }

    async fn delivery_step(
        &mut self,
        session: &mut Session<JournalOf<W>>,
        work: Work,
    ) -> Result<Next, Trouble> {
        let state = DeliveryState::fold(&work.records);
        if let Some(outcome) = self.interrupted(session, None).await {
            return Ok(Next::End(Box::new(outcome)));
        }
        let (branch, pull_request) = self.branch_for(&work.stem).await?;
        let branch_tip = self.world.workspace().tip(&branch).await?;
        let base_ref = state
            .run
            .as_ref()
            .filter(|run| run.is_open())
            .map_or(self.base_ref(), |run| &run.base_ref);
        let Some(base_tip) = self.world.workspace().tip(base_ref).await? else {
            return Err(Trouble::refused(
                crate::domain::ending::Refused::Usage,
                format!("there is no branch `{base_ref}`; name another with --base"),
            ));
        };
        let delivery_record = match (&session.subject, &pull_request) {
            (Subject::Task(_), Some(found)) => self.delivery_record(session, found.number).await?,
            (Subject::Task(_) | Subject::Issue(_) | Subject::PullRequest(_), _) => None,
        };
        let seen = DeliveryObserved {
            common: self.common(session, work.continuity)?,
            workable: work.workable,
            base: (base_ref.clone(), base_tip.clone()),
            branch,
            branch_tip: branch_tip.clone(),
            pull_request: pull_request.as_ref(),
            delivery_record,
        };
        let step = delivery::next::next(&state, &seen);
        let base = match (&state.run, &branch_tip) {
            (Some(run), Some(tip)) => self.world.workspace().merge_base(&run.base, tip).await?,
            (Some(run), None) => run.base.clone(),
            (None, _) => base_tip,
        };
        let about = About {
            subject: work.about,
            task: work.task,
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
    async fn branch_for(&self, stem: &str) -> Result<(BranchName, Option<PullRequest>), Trouble> {
        for number in 1_u32.. {
            let name = if number == 1 {
                stem.to_owned()
            } else {
                format!("{stem}-{number}")
            };
            let branch: BranchName = name
                .parse()
                .map_err(|error| Trouble::failed(Failed::Error, format!("{error}")))?;
            let found = self.world.forge().pull_requests_from(&branch).await?;
            let standing = found
                .iter()
                .rev()
                .find(|one| one.state != PullRequestState::Closed)
                .cloned();
            if standing.is_some() || found.is_empty() {
                return Ok((branch, standing));
            }
        }
        Err(Trouble::failed(Failed::Error, "no branch name is left"))
    }

    /// Whether a pull request's thread holds the record that it came from this task.
    async fn delivery_record(
        &self,
        session: &Session<JournalOf<W>>,
        number: PullRequestNumber,
    ) -> Result<Option<PullRequestNumber>, Trouble> {
        let comments = publish::comments(&*self.world, Thread::PullRequest(number)).await?;
        let chain = self.chain(Flow::Delivery, &session.subject);
        let replay = observe::read(&chain, &self.world.forge().login(), &comments);
        let is_delivered = |record: &Record| matches!(record.payload, Payload::Delivered(_));
        Ok(replay.records.iter().any(is_delivered).then_some(number))
    }

    async fn review(
        &mut self,
        number: PullRequestNumber,
        from: Option<Handover>,
    ) -> Result<Outcome, Trouble> {
        let mut session = self.open(&Subject::PullRequest(number)).await?;
        self.inherit(&mut session, from.as_ref()).await?;
        let mut known_head = None;
        loop {
            let pull_request = self.world.forge().pull_request(number).await?;
            if known_head.as_ref() != Some(&pull_request.head) {
                self.world.workspace().refresh().await?;
                known_head = Some(pull_request.head.clone());
            }
            let comments = self.world.forge().comments(number).await?;
            let chain = self.chain(Flow::Review, &session.subject);
            let replay = observe::read(&chain, &self.world.forge().login(), &comments);
            let seen = observe::take_in(&*self.world, &mut session, replay)?;
            let state = ReviewState::fold(&seen.records);
            if let Some(outcome) = self
                .interrupted(&mut session, Some((&state, &pull_request)))
                .await
            {
                return Ok(outcome);
            }
            if let (None, Some(terms)) = (&state.run, from.as_ref().and_then(|from| from.terms.as_ref())) {
                self.request = self.request.bound_to(terms);
            }
            let mut common = self.common(&session, seen.continuity)?;
            if let Some(from) = &from {
                common.fresh_run = from.run.clone();
            }
            let observed = ReviewObserved {
                common,
                pull_request: &pull_request,
                lineage: self.lineage(&state, &pull_request).await?,
                delivered: from.as_ref().and_then(|from| from.delivered.clone()),
            };
            let step = review::next::next(&state, &observed);
            let about = self
                .about(&state, &pull_request, brief::discussion(&*self.world, &comments))
                .await?;
            let items = state.items();
            let situation = Situation {
                about: &about,
                tail: &seen.tail,
                items: &items,
                purpose: None,
                review: Some((&state, &pull_request)),
            };
            match self.perform(&mut session, step, situation).await? {
                Next::Again => {}
                Next::End(outcome) => return Ok(*outcome),
                Next::Review(..) => {
                    return Err(Trouble::failed(Failed::Error, "a review handed over to a review"));
                }
            }
        }
    }

    /// Turns of the delivery count on: a script goes on where it was.
    async fn inherit(
        &self,
        session: &mut Session<JournalOf<W>>,
        from: Option<&Handover>,
    ) -> Result<(), Trouble> {
        if session.has_inherited() {
            return Ok(());
        }
        for (role, label, turns) in from.into_iter().flat_map(|from| from.turns.iter()) {
            session
                .write(Entry::Inherited {
                    label: label.clone(),
                    role: *role,
                    turns: *turns,
                })
                .await?;
        }
        Ok(())
    }

    async fn lineage(&self, state: &ReviewState, pull_request: &PullRequest) -> Result<Lineage, Trouble> {
        let Some(ours) = state
            .ours
            .as_ref()
            .filter(|_| state.head.as_ref() != Some(&pull_request.head))
        else {
            return Ok(Lineage::Intact);
        };
        let intact = self.world.workspace().contains(&pull_request.head, ours).await?;
        if intact {
            return Ok(Lineage::Intact);
        }
        let kept = self
            .world
            .workspace()
            .keep(&Subject::PullRequest(pull_request.number), ours)
            .await;
        if let Ok(salvage) = kept {
            super::turns::tell_salvage(&*self.world, &salvage);
        }
        Ok(Lineage::Rewritten)
    }

    async fn about(
        &self,
        state: &ReviewState,
        pull_request: &PullRequest,
        comments: Vec<crate::protocol::context::ContextComment>,
    ) -> Result<About, Trouble> {
        let base_tip = self.world.workspace().tip(&pull_request.base_ref).await?;
        let base = match base_tip {
            Some(tip) => {
                self.world
                    .workspace()
                    .merge_base(&tip, &pull_request.head)
                    .await?
            }
            None => pull_request.head.clone(),
        };
        let here = |one: &crate::domain::gate::Measurement| one.head == pull_request.head;
        Ok(About {
            subject: ContextSubject {
                kind: "pr".to_owned(),
                number: Some(pull_request.number.0),
                title: pull_request.title.clone(),
                body: pull_request.body.clone(),
                comments,
            },
            task: pull_request.body.clone(),
            base,
            gates: state.measurements().into_iter().filter(here).collect(),
        })
    }

    fn chain(&self, flow: Flow, subject: &Subject) -> Chain {
        Chain {
            repository: self.world.forge().repository_id(),
            flow,
            subject: subject.clone(),
        }
    }

    fn common<'seen>(
        &'seen self,
        session: &'seen Session<JournalOf<W>>,
        continuity: crate::ledger::replay::Continuity,
    ) -> Result<Common<'seen>, Trouble> {
        let now = self.world.clock().now();
        let name = format!(
            "{}-{}",
            now.strftime("%Y%m%d-%H%M%S"),
            self.world.clock().unique()
        );
        let fresh_run =
            RunId::try_from(name).map_err(|error| Trouble::failed(Failed::Error, error.to_string()))?;
        Ok(Common {
            now,
            fresh_run,
            request: &self.request,
            abilities: &self.abilities,
            results: &session.results,
            continuity,
            obstacle: session.obstacle.as_ref(),
            waiting_since: session.waiting_since,
        })
    }

    /// After INT or TERM: the turns that run are ended, what they left is safe, and the run can go on later.
    async fn interrupted(
        &mut self,
        session: &mut Session<JournalOf<W>>,
        review: Option<(&ReviewState, &PullRequest)>,
    ) -> Option<Outcome> {
        if self.cancellation.urgency() == Urgency::GoOn {
            return None;
        }
        while let Some(ended) = self.tasks.join_next().await {
            if let Ok(Ended::Finished(entry)) = ended {
                session.learn(*entry);
            }
        }
        let message = "interrupted; the state is safe. Run the same command again to go on".to_owned();
        let bare = Outcome::bare(session.subject.clone(), Ending::Interrupted, message);
        Some(match review {
            Some((state, pull_request)) => {
                let mut outcome = bare.with_review(state, Some(&pull_request.head));
                outcome.pull_request = Some(pull_request.number);
                outcome
            }
            None => bare,
        })
    }

    /// What a delivery hands over.
    pub(super) fn handover(
        session: &Session<JournalOf<W>>,
        run: RunId,
        delivered: Option<CommitSha>,
        terms: Option<Terms>,
    ) -> Handover {
        let who = session.who_finished().into_iter();
        let turns = who.map(|(role, label)| {
            let count = session.finished_turns(role, &label);
            (role, label, count)
        });
        Handover {
            run,
            delivered,
            terms,
            turns: turns.collect(),
        }
    }
}

/// What a delivery works from, read anew before each step.
struct Work {
    stem: String,
    workable: Workable,
    task: String,
    about: ContextSubject,
    purpose: Purpose,
    records: Vec<Record>,
    tail: crate::domain::ids::ChainHash,
    continuity: crate::ledger::replay::Continuity,
}
