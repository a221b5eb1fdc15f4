//! The state of a delivery: the fold of its records.

use crate::domain::ids::{BranchName, CommitSha, RunId};
use crate::domain::plan::BoundPlan;
use crate::domain::subject::Subject;
use crate::domain::usage::Usage;

use super::super::machine::{At, Illegal};
use super::super::run::{Concluded, RunState};
use super::super::terms::Terms;
use super::records::{Delivered, DeliveryEntry, Started};

/// The state of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryState {
    pub subject: Subject,
    pub run: Option<DeliveryRun>,
    pub delivered: Option<Delivered>,
}

/// A run of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRun {
    pub state: RunState,
    pub terms: Terms,
    pub base_ref: BranchName,
    /// The commit from which the coder starts.
    pub base: CommitSha,
    pub branch: BranchName,
    pub plan: Option<BoundPlan>,
    /// The cost of the run before it came here.
    pub spent: Usage,
}

impl DeliveryState {
    pub fn new(subject: Subject) -> Self {
        Self { subject, run: None, delivered: None }
    }

    pub fn apply(&mut self, at: At<'_>, record: DeliveryEntry) -> Result<(), Illegal> {
        match record {
            DeliveryEntry::Started(started) => self.start(at.run, &started),
            DeliveryEntry::Delivered(delivered) => self.deliver(delivered),
            DeliveryEntry::Concluded(concluded) => return self.conclude(&concluded),
        }
        Ok(())
    }

    fn start(&mut self, run: &RunId, started: &Started) {
        let terms = Terms { roster: started.roster.clone(), policy: started.policy.clone() };
        let known = self.run.take().map(|known| known.state).filter(|known| known.id == *run);
        let state = if let Some(known) = known {
            RunState { ending: None, ..known }
        } else {
            // The journal of the same subject has these turns too.
            let usage = started.spent.unwrap_or_default();
            RunState { usage, ..RunState::begun(run.clone(), Usage::default()) }
        };
        self.run = Some(DeliveryRun {
            state,
            terms,
            base_ref: started.base_ref.clone(),
            base: started.base.clone(),
            branch: started.branch.clone(),
            plan: started.plan.clone(),
            spent: started.spent.unwrap_or_default(),
        });
    }

    /// The pull request of a task is announced in its own thread, in which no run was started.
    fn deliver(&mut self, delivered: Delivered) {
        if let (Some(run), Some(answer)) = (&mut self.run, &delivered.answer) {
            run.state.usage = run.state.usage.larger(run.spent.plus(answer.usage));
        }
        self.delivered = Some(delivered);
    }

    fn conclude(&mut self, concluded: &Concluded) -> Result<(), Illegal> {
        let run = self.run.as_mut().ok_or(Illegal("no run was started before"))?;
        run.state.conclude(concluded);
        Ok(())
    }
}
