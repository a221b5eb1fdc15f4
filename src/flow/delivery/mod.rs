//! From an issue or a task to its pull request: the state that records fold to, and the next step.

mod announce;
mod coder;
mod comment;
mod next;
mod plan;
pub mod records;
pub mod state;

use std::convert::Infallible;

use crate::domain::announcement::Announcement;
use crate::domain::flow_name::FlowName;
use crate::domain::subject::Subject;

use super::ask::Against;
use super::context::FlowContext;
use super::machine::{At, Flow, Illegal};
use super::names;
use super::results::Results;
use super::run::RunState;
use super::step::Decision;
use super::view::{DeliveryOutput, FlowOutput, View};
use records::DeliveryEntry;

use state::DeliveryState;

impl Flow for DeliveryState {
    const NAME: FlowName = names::DELIVERY;
    type Record = DeliveryEntry;

    fn on(subject: &Subject) -> Option<Self> {
        match subject {
            Subject::Issue(_) | Subject::Task(_) => Some(Self::new(subject.clone())),
            Subject::PullRequest(_) => None,
        }
    }

    fn apply(&mut self, at: At<'_>, record: DeliveryEntry) -> Result<(), Illegal> {
        Self::apply(self, at, record)
    }

    /// Does nothing: branches and pull requests are looked up before they are made, with or without records.
    fn gap(&mut self) {}

    fn next(&self, cx: &FlowContext<'_>) -> Decision<Infallible> {
        next::next(self, cx)
    }

    fn comment(&self, _: At<'_>, record: &DeliveryEntry) -> String {
        comment::render(&self.subject, record)
    }

    fn announce(_: At<'_>, record: &DeliveryEntry) -> Announcement {
        announce::announce(record)
    }

    fn run(&self) -> Option<&RunState> {
        self.run.as_ref().map(|run| &run.state)
    }

    fn view(&self) -> View {
        View {
            against: self.run.as_ref().map(|run| Against::Commit(run.base.clone())),
            branch: self.run.as_ref().map(|run| run.branch.clone()),
            pull_request: self.delivered.as_ref().map(|delivered| delivered.pull_request),
            gates_unmeasured: self.run.as_ref().map_or_else(Vec::new, |run| run.terms.unmeasured(&[])),
            ..View::default()
        }
    }

    fn output(&self, results: &Results) -> Option<FlowOutput> {
        let run = self.run.as_ref()?;
        let made = || coder::made(run, results);
        let delivery = DeliveryOutput {
            run: run.state.id.clone(),
            terms: run.terms.clone(),
            spent: run.state.spent(results),
            branch: run.branch.clone(),
            pull_request: self.delivered.as_ref().map(|delivered| delivered.pull_request),
            head: self.delivered.as_ref().map(|delivered| delivered.head.clone()).or_else(made),
            plan: run.plan.clone(),
        };
        Some(FlowOutput { delivery: Some(delivery), ..FlowOutput::default() })
    }
}
