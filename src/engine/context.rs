//! What every part of the loop works with: the world, what was asked for, and the word to stop.

use std::sync::Arc;

use crate::domain::ending::Ending;
use crate::domain::flow_name::FlowName;
use crate::domain::ids::{BranchName, CommitSha, Login};
use crate::domain::subject::Subject;
use crate::domain::trust::Trust;
use crate::flow::abilities::Abilities;
use crate::flow::ask::Against;
use crate::flow::request::Request;
use crate::ledger::chain::Chain;
use crate::ports::World;
use crate::ports::cancellation::{Cancellation, Urgency};
use crate::ports::forge::Forge;
use crate::ports::journal::Journals;
use crate::ports::operator::Operator;
use crate::ports::run_event::RunEvent;
use crate::ports::workspace::{Workspace, WorkspaceError};

use super::guard::{Guard, Secrets};
use super::outcome::RunError;

/// What is said when a person stopped a run.
pub(super) const INTERRUPTED: &str = "the state is safe; run the same command again to go on";

/// What an engine is set to.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    pub request: Request,
    pub abilities: Abilities,
    pub bases: Bases,
    pub trust: Trust,
    pub secrets: Secrets,
}

/// The branches of a repository that a new change may be for.
#[derive(Debug, Clone)]
pub struct Bases {
    /// `--base`
    pub asked: Option<BranchName>,
    /// The branch that is changed when none was asked for.
    pub default: BranchName,
}

/// What every part of the loop works with.
pub(super) struct RunContext<W: World> {
    pub(super) world: Arc<W>,
    pub(super) config: EngineConfig,
    pub(super) guard: Arc<Guard>,
    pub(super) cancellation: Cancellation,
}

/// The journal of a world.
pub(super) type JournalOf<W> = <<W as World>::Journals as Journals>::Journal;

impl<W: World> RunContext<W> {
    /// The logins whose records count.
    pub(super) fn recorders(&self) -> Vec<Login> {
        let trusted = self.config.trust.recorders.iter().cloned();
        std::iter::once(self.world.forge().login()).chain(trusted).collect()
    }

    /// The branch that a new change is for.
    pub(super) fn base_ref(&self) -> &BranchName {
        self.config.bases.asked.as_ref().unwrap_or(&self.config.bases.default)
    }

    pub(super) fn chain(&self, flow: &FlowName, subject: &Subject) -> Chain {
        let repository = self.world.forge().repository_id();
        Chain { repository, flow: flow.clone(), subject: subject.clone() }
    }

    pub(super) fn tell(&self, event: &RunEvent) {
        self.world.operator().tell(event);
    }

    pub(super) fn warn(&self, text: String) {
        self.tell(&RunEvent::Warning { text });
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

    /// Brings the mirror up to date. Whoever interrupts the run does not wait for another process, or a slow disk.
    pub(super) async fn refresh(&self) -> Result<(), RunError> {
        self.unless(Urgency::Stop, self.world.workspace().refresh()).await??;
        Ok(())
    }

    /// The commit that a head is compared with: the merge base, or the head itself where its target branch is gone.
    pub(super) async fn base(&self, against: &Against, head: &CommitSha) -> Result<CommitSha, RunError> {
        match against {
            Against::Commit(commit) if commit == head => Ok(commit.clone()),
            Against::Commit(commit) => self.common_base(commit, head).await,
            Against::Branch(branch) => match self.world.workspace().tip(branch).await? {
                Some(tip) => self.common_base(&tip, head).await,
                None => Ok(head.clone()),
            },
        }
    }

    /// The best common ancestor. Histories that share nothing have none: then the whole of the change counts.
    async fn common_base(&self, base: &CommitSha, head: &CommitSha) -> Result<CommitSha, RunError> {
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
}
