//! The rounds on the plan of an issue: the state that records fold to, and the next step.

mod announce;
mod comment;
mod next;
mod phases;
mod planner;
pub mod records;
mod reviewers;
mod seen;
mod stages;
pub mod state;

use std::convert::Infallible;

use crate::domain::announcement::Announcement;
use crate::domain::flow_name::FlowName;
use crate::domain::plan::PlanReference;
use crate::domain::revision::RevisionKind;
use crate::domain::roster::Roster;
use crate::domain::subject::Subject;

use super::ask::Against;
use super::context::FlowContext;
use super::machine::{At, Flow, Illegal};
use super::names;
use super::results::Results;
use super::run::RunState;
use super::step::Decision;
use super::terms::Terms;
use super::view::{FlowOutput, FollowingCommand, PlanExtent, PlanOutput, Records, View};
use records::{PlannedStage, PlanningEntry};
use state::{PlanningRun, PlanningState};

impl Flow for PlanningState {
    const NAME: FlowName = names::PLANNING;
    type Record = PlanningEntry;

    fn on(subject: &Subject) -> Option<Self> {
        match subject {
            Subject::Issue(number) => Some(Self::new(*number)),
            Subject::PullRequest(_) | Subject::Task(_) => None,
        }
    }

    fn apply(&mut self, at: At<'_>, record: PlanningEntry) -> Result<(), Illegal> {
        Self::apply(self, at, record)
    }

    fn gap(&mut self) {
        self.records = Records::Missing;
    }

    fn unlinked(&mut self, record: PlanningEntry) {
        Self::unlinked(self, &record);
    }

    fn next(&self, cx: &FlowContext<'_>) -> Decision<Infallible> {
        next::next(self, cx)
    }

    fn comment(&self, at: At<'_>, record: &PlanningEntry) -> String {
        comment::render(self, at, record)
    }

    fn announce(at: At<'_>, record: &PlanningEntry) -> Announcement {
        announce::announce(at, record)
    }

    fn run(&self) -> Option<&RunState> {
        self.run.as_ref().map(|run| &run.state)
    }

    fn view(&self) -> View {
        View {
            round: self.rounds.round(),
            rounds: self.rounds.number(),
            against: self.run.as_ref().map(|run| Against::Commit(run.base.clone())),
            voters: self.run.iter().flat_map(|run| run.terms.roster.voters().labels()).cloned().collect(),
            votes: self.votes(),
            votes_on: RevisionKind::Plan,
            items: self.rounds.items(),
            records: self.records,
            parts: stages::parts(self),
            next_command: Some(FollowingCommand::Other(next::command(self))),
            ..View::default()
        }
    }

    fn output(&self, results: &Results) -> Option<FlowOutput> {
        let run = self.run.as_ref()?;
        let (plan, _) = self.approval()?;
        let reference = PlanReference { hash: plan.hash.clone(), issue: self.number, text: plan.plan.text() };
        let is_named = |stage: &PlannedStage| run.execution.stage == Some(stage.issue);
        let is_later = |stage: &&PlannedStage| plan.defers(&stage.title) && !is_named(stage);
        let (deferred, covered): (Vec<_>, Vec<_>) = self.stages.iter().partition(is_later);
        let numbers = |stages: Vec<&PlannedStage>| stages.iter().map(|stage| stage.issue).collect();
        let is_whole = plan.plan.deferred.is_empty() && self.stages.is_empty();
        let plan = PlanOutput {
            open_run: run.state.is_open().then(|| (run.state.id.clone(), run.state.spent(results))),
            mode: run.execution.mode,
            terms: terms(run),
            plan: reference,
            extent: if is_whole { PlanExtent::Whole } else { PlanExtent::Part },
            phases: phases::planned(self),
            covered: numbers(covered),
            deferred: numbers(deferred),
        };
        Some(FlowOutput { plan: Some(plan), ..FlowOutput::default() })
    }
}

/// Returns the terms for the implementation: another coder may do it.
fn terms(run: &PlanningRun) -> Terms {
    let Terms { roster, policy } = run.terms.clone();
    let coder = run.execution.coder.clone().unwrap_or_else(|| roster.coder().clone());
    Terms { roster: Roster::new(coder, roster.voters().clone()), policy }
}
