//! The state of a delivery: the fold of its records.

use crate::domain::ending::Ending;
use crate::domain::ids::{BranchName, CommitSha, PullRequestNumber, RunId};
use crate::domain::usage::Usage;
use crate::ledger::payload::{Concluded, Delivered, Started};
use crate::ledger::record::{Payload, Record};

use super::super::request::{Recorded, Terms};

/// The run that the latest records belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    pub id: RunId,
    /// Who takes part, and by which rules.
    pub terms: Terms,
    pub base_ref: BranchName,
    pub base: CommitSha,
    /// The branch that the change has.
    pub branch: BranchName,
    /// How often it was parked.
    pub sitting: u32,
    /// How it ended, if it did.
    pub ending: Option<Ending>,
    /// What it cost, as far as records say.
    pub usage: Usage,
}

impl Run {
    /// Whether a later command goes on with it.
    pub fn is_open(&self) -> bool {
        self.ending.as_ref().is_none_or(Ending::leaves_run_open)
    }

    /// Its terms, for the next command.
    pub fn recorded(&self) -> Recorded<'_> {
        if self.is_open() { Recorded::Open(&self.terms) } else { Recorded::Ended(&self.terms) }
    }
}

/// The state of a delivery.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveryState {
    pub run: Option<Run>,
    /// The pull request that came of it.
    pub delivered: Option<PullRequestNumber>,
}

impl DeliveryState {
    /// The state that a chain of records folds to.
    pub fn fold<'records>(records: impl IntoIterator<Item = &'records Record>) -> Self {
        let mut state = Self::default();
        for record in records {
            state.apply(record);
        }
        state
    }

    /// Takes in the next record.
    pub fn apply(&mut self, record: &Record) {
        match &record.payload {
            Payload::Started(started) => self.start(&record.run, started),
            Payload::Delivered(delivered) => self.deliver(delivered),
            Payload::DeliveryConcluded(concluded) => self.conclude(concluded),
            Payload::Opened(_)
            | Payload::Review(_)
            | Payload::Answer(_)
            | Payload::Gates(_)
            | Payload::FollowedUp(_)
            | Payload::Concluded(_) => {}
        }
    }

    fn start(&mut self, run: &RunId, started: &Started) {
        let (sitting, usage) = self
            .run
            .as_ref()
            .filter(|known| known.id == *run)
            .map_or((0, Usage::default()), |known| (known.sitting, known.usage));
        self.run = Some(Run {
            id: run.clone(),
            terms: Terms { roster: started.roster.clone(), policy: started.policy.clone() },
            base_ref: started.base_ref.clone(),
            base: started.base.clone(),
            branch: started.branch.clone(),
            sitting,
            ending: None,
            usage,
        });
    }

    fn deliver(&mut self, delivered: &Delivered) {
        self.delivered = Some(delivered.pull_request);
        if let (Some(run), Some(answer)) = (&mut self.run, &delivered.answer) {
            run.usage = run.usage.larger(answer.usage);
        }
    }

    fn conclude(&mut self, concluded: &Concluded) {
        let Some(run) = &mut self.run else { return };
        if concluded.ending.leaves_run_open() {
            run.sitting += concluded.ending.sittings();
        }
        run.usage = run.usage.larger(concluded.usage);
        run.ending = Some(concluded.ending.clone());
    }
}
