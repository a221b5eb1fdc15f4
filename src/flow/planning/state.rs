//! The state of a planning: the fold of its records.

use std::collections::BTreeSet;

use crate::domain::agent::Role;
use crate::domain::execution::Execution;
use crate::domain::ids::{BranchName, CommitSha, IssueNumber, PlanHash, RunId};
use crate::domain::phase::Handoff;
use crate::domain::plan::{Plan, folded_title};
use crate::domain::usage::Usage;
use crate::domain::vote::Vote;
use crate::protocol::recorded::ReplyKind;

use super::super::given::Given;
use super::super::items::CoderReply;
use super::super::machine::{At, Illegal};
use super::super::rounds::{EarlierVotes, RoundAt, Rounds};
use super::super::run::{Concluded, RunState};
use super::super::terms::{RecordedTerms, Terms};
use super::super::view::Records;
use super::records::{
    Decomposed, PlanAnswer, PlanApproved, PlanRecord, PlanReviewRecord, PlannedStage, PlanningEntry,
    PlanningOpened,
};

/// The state of a planning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanningState {
    pub number: IssueNumber,
    pub run: Option<PlanningRun>,
    pub rounds: Rounds<PlanHash>,
    /// The plan under review.
    pub plan: Option<CurrentPlan>,
    pub approved: Option<PlanApproved>,
    /// The phases of the latest approved plan that was divided.
    pub phases: Option<Decomposed>,
    /// The issues of the phases and stages that were handed over.
    pub started: BTreeSet<IssueNumber>,
    /// All stages that were filed, latest plan last.
    pub stages: Vec<PlannedStage>,
    /// Whether records are missing since the reviewers were last asked again.
    pub records: Records,
}

/// A run of a planning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanningRun {
    pub state: RunState,
    pub terms: Terms,
    pub execution: Execution,
    pub base_ref: BranchName,
    /// The commit that the plan is for.
    pub base: CommitSha,
}

/// The latest plan, with the coder's words about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurrentPlan {
    pub hash: PlanHash,
    pub plan: Plan,
    pub summary: String,
}

impl PlanningState {
    pub fn new(number: IssueNumber) -> Self {
        Self {
            number,
            run: None,
            rounds: Rounds::default(),
            plan: None,
            approved: None,
            phases: None,
            started: BTreeSet::new(),
            stages: Vec::new(),
            records: Records::Whole,
        }
    }

    pub fn apply(&mut self, at: At<'_>, record: PlanningEntry) -> Result<(), Illegal> {
        if self.run.is_none() && !matches!(record, PlanningEntry::Opened(_)) {
            return Err(Illegal("no run was opened before"));
        }
        match record {
            PlanningEntry::Opened(opened) => self.open(at.run, *opened),
            PlanningEntry::Plan(record) => self.plan(at.round, *record),
            PlanningEntry::PlanReview(review) => self.review(at.round, *review),
            PlanningEntry::PlanApproved(approved) => {
                self.resume(Usage::default());
                self.approved = Some(approved);
            }
            PlanningEntry::Decomposed(decomposed) => {
                // The second record repeats the answer of the first.
                let is_known = self.phases.as_ref().is_some_and(|known| known.plan == decomposed.plan);
                self.resume(if is_known { Usage::default() } else { decomposed.given.usage });
                self.phases = Some(*decomposed);
            }
            PlanningEntry::PhaseStarted(record) => {
                self.resume(Usage::default());
                self.started.insert(record.issue);
            }
            PlanningEntry::Split(record) => {
                self.resume(Usage::default());
                self.stages.retain(|known| record.stages.iter().all(|new| new.issue != known.issue));
                self.stages.extend(record.stages);
            }
            PlanningEntry::Concluded(concluded) => self.conclude(&concluded),
        }
        Ok(())
    }

    fn open(&mut self, run: &RunId, opened: PlanningOpened) {
        let PlanningOpened { base_ref, base, roster, policy, execution, votes, carried } = opened;
        if let Some(carried) = carried {
            self.rounds.carry(&carried.items, carried.next_item);
        }
        let before = self.run.as_ref().map(|run| run.terms.roster.clone());
        self.rounds.forget_changed_seats(before.as_ref(), &roster);
        match votes {
            EarlierVotes::Stand => {}
            EarlierVotes::AskedAnew => {
                self.rounds.begin_anew();
                self.records = Records::Whole;
            }
        }
        let terms = Terms { roster, policy };
        let known = self.run.take().map(|known| known.state).filter(|known| known.id == *run);
        let state = if let Some(known) = known {
            // Answers in the journal belong to the previous attempt window: the missing records are unknown.
            let attempt_window = known.attempt_window + u32::from(votes == EarlierVotes::AskedAnew);
            RunState { attempt_window, ending: None, ..known }
        } else {
            if let Some(plan) = &self.plan {
                self.rounds.begin(&plan.hash);
            }
            RunState::begun(run.clone(), Usage::default())
        };
        self.run = Some(PlanningRun { state, terms, execution, base_ref, base });
    }

    fn plan(&mut self, round: u32, record: PlanRecord) {
        let PlanRecord { plan: hash, response, given: Given { agent, usage, .. } } = record;
        self.resume(usage);
        let before = self.plan.as_ref().map(|plan| plan.hash.clone());
        match (&response, before) {
            (PlanAnswer::Revised(answer), Some(before)) => {
                let reply = CoderReply { round, agent, reply: answer.reply() };
                self.rounds.answer(&before, &hash, &reply);
            }
            (PlanAnswer::First(_), _) | (PlanAnswer::Revised(_), None) => {
                self.rounds.begin(&hash);
                self.rounds.inherit_turn(Role::Coder, &agent);
            }
        }
        self.plan = Some(CurrentPlan { hash, plan: response.plan(), summary: response.summary().to_owned() });
    }

    fn review(&mut self, round: u32, review: PlanReviewRecord) {
        let PlanReviewRecord { plan: head, response, findings, given } = review;
        self.resume(given.usage);
        self.rounds.review(&RoundAt { round, head }, &given.agent, response.state.into(), findings);
    }

    fn conclude(&mut self, concluded: &Concluded) {
        let Some(run) = &mut self.run else { return };
        run.state.conclude(concluded);
        if !run.state.is_open() {
            self.rounds.settle();
        }
    }

    /// Resumes a parked run, and adds the cost of a turn.
    fn resume(&mut self, usage: Usage) {
        if let Some(run) = &mut self.run {
            run.state.resume(usage);
        }
    }

    /// Handles a record after a gap: people have seen the ids of its items.
    pub fn unlinked(&mut self, record: &PlanningEntry) {
        let next_item = match record {
            PlanningEntry::Opened(opened) => opened.carried.as_ref().map(|carried| carried.next_item),
            PlanningEntry::PlanReview(review) => Some(review.findings.next_item),
            PlanningEntry::Plan(_)
            | PlanningEntry::PlanApproved(_)
            | PlanningEntry::Decomposed(_)
            | PlanningEntry::PhaseStarted(_)
            | PlanningEntry::Split(_)
            | PlanningEntry::Concluded(_) => None,
        };
        self.rounds.reserve_items(next_item);
    }

    /// Returns the approval of the plan, unless the plan has changed since.
    pub fn approval(&self) -> Option<(&CurrentPlan, &PlanApproved)> {
        let plan = self.plan.as_ref()?;
        let approved = self.approved.as_ref().filter(|approved| approved.plan == plan.hash)?;
        Some((plan, approved))
    }

    /// Returns the phases of the approved plan.
    pub fn approved_phases(&self) -> Option<&Decomposed> {
        let (plan, _) = self.approval()?;
        self.phases.as_ref().filter(|phases| phases.plan == plan.hash)
    }

    pub fn recorded(&self) -> Option<RecordedTerms<'_>> {
        self.run.as_ref().map(|run| RecordedTerms { run: &run.state, terms: &run.terms })
    }

    /// Returns whether the issue of a phase or stage was handed over.
    pub fn handoff(&self, issue: IssueNumber) -> Handoff {
        if self.started.contains(&issue) { Handoff::Started } else { Handoff::NotYet }
    }

    pub fn votes(&self) -> Vec<Vote> {
        self.run.as_ref().map_or_else(Vec::new, |run| self.rounds.votes(&run.terms.roster))
    }
}

impl CurrentPlan {
    /// Returns whether the plan leaves a stage of this title for later.
    pub fn defers(&self, title: &str) -> bool {
        let title = folded_title(title);
        self.plan.deferred.iter().any(|stage| folded_title(&stage.title) == title)
    }
}
