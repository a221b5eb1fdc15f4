//! The context of the loop: the world, the request, and the cancellation.

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
use crate::ports::forge::RunDisplay;
use crate::ports::run_event::RunEvent;
use crate::ports::workspace::WorkspaceError;

use super::guard::{Guard, Secrets};
use super::outcome::RunError;

/// The message of an interrupted run.
pub(super) const INTERRUPTED: &str = "the state is saved";

/// The configuration of an engine.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    pub request: Request,
    pub abilities: Abilities,
    pub bases: Bases,
    pub trust: Trust,
    pub secrets: Secrets,
    /// The maximum length of a prompt, in characters.
    pub prompt_limit: usize,
    /// What the forge shows of the run, as far as it can.
    pub display: RunDisplay,
}

/// The possible base branches of a new change.
#[derive(Debug, Clone)]
pub struct Bases {
    pub asked: Option<BranchName>,
    /// The base branch without `--base`.
    pub default: BranchName,
}

/// The context of the loop.
pub(super) struct RunContext {
    pub(super) world: World,
    pub(super) config: EngineConfig,
    pub(super) guard: Arc<Guard>,
    pub(super) cancellation: Cancellation,
}

impl RunContext {
    /// Returns the logins whose records are accepted.
    pub(super) fn recorders(&self) -> Vec<Login> {
        let trusted = self.config.trust.recorders.iter().cloned();
        std::iter::once(self.world.forge.login()).chain(trusted).collect()
    }

    /// Returns the base branch of a new change.
    pub(super) fn base_ref(&self) -> &BranchName {
        self.config.bases.asked.as_ref().unwrap_or(&self.config.bases.default)
    }

    pub(super) fn chain(&self, flow: &FlowName, subject: &Subject) -> Chain {
        let repository = self.world.forge.repository_id();
        Chain { repository, flow: flow.clone(), subject: subject.clone() }
    }

    pub(super) fn tell(&self, event: &RunEvent) {
        self.world.operator.tell(event);
    }

    pub(super) fn warn(&self, text: String) {
        self.tell(&RunEvent::Warning { text });
    }

    /// Waits for a slow operation, unless the cancellation reaches this urgency.
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
                Err(RunError::new(Ending::Interrupted, INTERRUPTED))
            }
        }
    }

    /// Updates the mirror. An interrupted run does not wait for another process or a slow disk.
    pub(super) async fn refresh(&self) -> Result<(), RunError> {
        self.unless(Urgency::Stop, self.world.workspace.refresh()).await??;
        Ok(())
    }

    /// Returns the commit with which a head is compared: the merge base, or the head itself if its target branch is gone.
    pub(super) async fn base(&self, against: &Against, head: &CommitSha) -> Result<CommitSha, RunError> {
        match against {
            Against::Commit(commit) if commit == head => Ok(commit.clone()),
            Against::Commit(commit) => self.common_base(commit, head).await,
            Against::Branch(branch) => match self.world.workspace.tip(branch).await? {
                Some(tip) => self.common_base(&tip, head).await,
                None => Ok(head.clone()),
            },
        }
    }

    /// Returns the best common ancestor; `None` for unrelated histories: then the whole tree is the change.
    async fn common_base(&self, base: &CommitSha, head: &CommitSha) -> Result<CommitSha, RunError> {
        let workspace = &self.world.workspace;
        if let Ok(found) = workspace.merge_base(base, head).await {
            return Ok(found);
        }
        // The target branch may have moved to a commit that the mirror does not have.
        self.refresh().await?;
        match workspace.merge_base(base, head).await {
            Err(WorkspaceError::NotFound(_) | WorkspaceError::Git(_)) => Ok(base.clone()),
            found => Ok(found?),
        }
    }
}
