//! The loop: from a delivery to the review of its pull request, or straight to a review. One step at a time.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::domain::agent::Role;
use crate::domain::ending::{Ending, Failed};
use crate::domain::ids::{
    BranchName, CommitSha, IssueNumber, Label, Login, PullRequestNumber, RunId, TaskKey,
};
use crate::domain::pull_request::PullRequest;
use crate::domain::requirement::Requirements;
use crate::domain::subject::Subject;
use crate::domain::trust::Trust;
use crate::domain::usage::Usage;
use crate::flow::observed::{Abilities, Common};
use crate::flow::request::{Request, Terms};
use crate::flow::review::state::ReviewState;
use crate::ledger::chain::{Chain, task_key};
use crate::ledger::record::Flow;
use crate::ports::World;
use crate::ports::cancellation::{Cancellation, Canceller, Urgency};
use crate::ports::clock::Clock;
use crate::ports::forge::Forge;
use crate::ports::journal::{Entry, Journals};
use crate::ports::operator::Operator;
use crate::ports::run_event::RunEvent;
use crate::ports::workspace::{Workspace, WorkspaceError};

use super::guard::{Guard, Secrets};
use super::outcome::{Outcome, RunError};
use super::session::Session;
use super::turns::{self, Ended};

/// What is said when a person stopped a run.
const INTERRUPTED: &str = "the state is safe; run the same command again to go on";

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

/// What an engine is set to.
#[derive(Debug, Clone)]
pub struct Setting {
    pub request: Request,
    /// What this machine can do.
    pub abilities: Abilities,
    /// The branches of the repository.
    pub bases: Bases,
    pub trust: Trust,
    /// What must not be published.
    pub secrets: Secrets,
}

/// An engine: a world, what was asked for, and the turns that run.
pub struct Engine<W: World> {
    pub(super) world: Arc<W>,
    pub(super) request: Request,
    pub(super) abilities: Abilities,
    bases: Bases,
    pub(super) trust: Trust,
    pub(super) guard: Arc<Guard>,
    canceller: Arc<Canceller>,
    pub(super) cancellation: Cancellation,
    pub(super) tasks: JoinSet<Ended>,
}

/// What a delivery hands over to the review of its pull request.
#[derive(Debug, Clone)]
pub(super) struct Handover {
    pub(super) run: RunId,
    pub(super) delivered: Option<CommitSha>,
    pub(super) terms: Option<Terms>,
    pub(super) spent: Usage,
    pub(super) subject: Subject,
    pub(super) turns: Vec<(Role, Label, u32)>,
    /// What a task says; an issue says it for itself.
    pub(super) words: Option<String>,
}

/// The branches of a repository, as far as they are asked for.
#[derive(Debug, Clone)]
pub struct Bases {
    /// `--base`
    pub asked: Option<BranchName>,
    /// The branch that is changed when none was asked for.
    pub default: BranchName,
}

pub(super) type JournalOf<W> = <<W as World>::Journals as Journals>::Journal;

impl<W: World> Engine<W> {
    /// An engine on a world.
    pub fn new(
        world: Arc<W>,
        setting: Setting,
        (canceller, cancellation): (Arc<Canceller>, Cancellation),
    ) -> Self {
        let Setting { request, abilities, bases, trust, secrets } = setting;
        let guard = Arc::new(Guard::new(secrets));
        let tasks = JoinSet::new();
        Self { world, request, abilities, bases, trust, guard, canceller, cancellation, tasks }
    }

    /// The logins whose records count.
    pub(super) fn recorders(&self) -> Vec<Login> {
        std::iter::once(self.world.forge().login()).chain(self.trust.recorders.iter().cloned()).collect()
    }

    /// Does what was asked, to its end. When it returns, none of its turns runs any more.
    pub async fn run(mut self, assignment: Assignment) -> Outcome {
        let subject = self.subject(&assignment);
        let result = match assignment {
            Assignment::PullRequest(number) => self.review(number, None).await,
            Assignment::Issue(number) => self.deliver_issue(number).await,
            Assignment::Task(text) => self.deliver_task(&text).await,
        };
        let mut outcome =
            result.unwrap_or_else(|trouble| Outcome::bare(subject, trouble.ending, trouble.message));
        if !self.tasks.is_empty() {
            self.canceller.raise(Urgency::Stop);
            let has_failed = matches!(outcome.ending, Ending::Failed { .. } | Ending::Refused { .. });
            // The first trouble counts.
            if let (Err(trouble), false) = (self.drain().await, has_failed) {
                (outcome.ending, outcome.message) = (trouble.ending, trouble.message);
            }
        }
        outcome.message = self.guard.message(&outcome.message);
        outcome.redacted = self.guard.found();
        outcome
    }

    fn subject(&self, assignment: &Assignment) -> Subject {
        match assignment {
            Assignment::PullRequest(number) => Subject::PullRequest(*number),
            Assignment::Issue(number) => Subject::Issue(*number),
            Assignment::Task(text) => Subject::Task(self.task_key(text)),
        }
    }

    pub(super) fn base_ref(&self) -> &BranchName {
        self.bases.asked.as_ref().unwrap_or(&self.bases.default)
    }

    pub(super) fn task_key(&self, text: &str) -> TaskKey {
        task_key(&self.world.forge().repository_id(), self.base_ref(), text)
    }

    pub(super) async fn open(&self, subject: &Subject) -> Result<Session<JournalOf<W>>, RunError> {
        self.world.operator().tell(&RunEvent::Begun { subject: subject.clone() });
        Ok(Session::new(subject.clone(), self.world.journals().open(subject).await?))
    }

    /// The best common ancestor. Histories that share nothing have none: then the whole of the change counts.
    pub(super) async fn common_base(
        &self,
        base: &CommitSha,
        head: &CommitSha,
    ) -> Result<CommitSha, RunError> {
        let workspace = self.world.workspace();
        if let Ok(found) = workspace.merge_base(base, head).await {
            return Ok(found);
        }
        // The target branch may have moved to a commit that the mirror has not seen.
        self.refresh().await?;
        match workspace.merge_base(base, head).await {
            Err(WorkspaceError::NotFound(_) | WorkspaceError::Git(_)) => Ok(base.clone()),
            found => Ok(found?),
        }
    }

    pub(super) fn chain(&self, flow: Flow, subject: &Subject) -> Chain {
        Chain { repository: self.world.forge().repository_id(), flow, subject: subject.clone() }
    }

    pub(super) fn common<'seen>(
        &'seen self,
        session: &'seen Session<JournalOf<W>>,
        requirements: &'seen Requirements,
        continuity: crate::ledger::replay::Continuity,
    ) -> Result<Common<'seen>, RunError> {
        let now = self.world.clock().now();
        let name = format!("{}-{}", now.strftime("%Y%m%d-%H%M%S"), self.world.clock().unique());
        let fresh_run =
            RunId::try_from(name).map_err(|error| RunError::failed(Failed::Error, error.to_string()))?;
        Ok(Common {
            now,
            fresh_run,
            request: &self.request,
            abilities: &self.abilities,
            results: &session.results,
            continuity,
            requirements,
            obstacle: session.obstacle.as_ref(),
            waiting_since: session.waiting_since,
        })
    }

    /// Waits until no turn runs any more.
    ///
    /// The turns that have ended; the first trouble instead, if there was any.
    async fn drain(&mut self) -> Result<Vec<Entry>, RunError> {
        let (mut entries, mut trouble) = (Vec::new(), None);
        while let Some(ended) = self.tasks.join_next().await {
            match ended {
                Ok(Ended::Finished(entry)) => entries.push(*entry),
                Ok(Ended::Cancelled(_)) => {}
                Ok(Ended::RunError(found)) => trouble = trouble.or(Some(found)),
                Err(error) => trouble = trouble.or_else(|| Some(turns::ended_badly(&error))),
            }
        }
        trouble.map_or(Ok(entries), Err)
    }

    /// After INT or TERM: the turns that run are ended, what they left is safe, and the run can go on later. If something
    /// of it could not be kept, that is the end of the run.
    pub(super) async fn interrupted(
        &mut self,
        session: &mut Session<JournalOf<W>>,
        review: Option<(&ReviewState, &PullRequest)>,
    ) -> Result<Option<Outcome>, RunError> {
        if self.cancellation.urgency() == Urgency::GoOn {
            return Ok(None);
        }
        for entry in self.drain().await? {
            session.learn(entry);
        }
        // Who stops a run that waits for an allowance does not want cron to go on with it.
        session.write(Entry::Stopped { at: self.world.clock().now() }).await?;
        let bare = Outcome::bare(session.subject.clone(), Ending::Interrupted, INTERRUPTED.to_owned());
        Ok(Some(match review {
            Some((state, pull_request)) => {
                let mut outcome = bare.with_review(state, Some(&pull_request.head));
                outcome.pull_request = Some(pull_request.number);
                outcome
            }
            None => bare,
        }))
    }

    /// Waits for something that may take long, unless a person wants the run to stop as urgently as this.
    pub(super) async fn unless<T>(
        &self,
        urgency: Urgency,
        deed: impl Future<Output = T>,
    ) -> Result<T, RunError> {
        let mut cancellation = self.cancellation.clone();
        tokio::select! {
            biased;
            done = deed => Ok(done),
            () = cancellation.reached(urgency) => {
                Err(RunError { ending: Ending::Interrupted, message: INTERRUPTED.to_owned() })
            }
        }
    }

    /// Brings the mirror up to date. Whoever is interrupted does not wait for another process, or a slow disk.
    pub(super) async fn refresh(&self) -> Result<(), RunError> {
        self.unless(Urgency::Stop, self.world.workspace().refresh()).await??;
        Ok(())
    }
}
