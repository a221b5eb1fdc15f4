//! The rounds on a pull request: the state that records fold to, and the next step.

mod announce;
mod checks;
mod coder;
mod comment;
mod conflicts;
mod explain;
mod next;
mod plan;
mod queue;
pub mod records;
mod reviewers;
mod seen;
pub mod state;
mod tests_first;

use std::collections::BTreeMap;
use std::convert::Infallible;

use crate::domain::announcement::Announcement;
use crate::domain::flow_name::FlowName;
use crate::domain::revision::RevisionKind;
use crate::domain::subject::Subject;

use super::ask::Against;
use super::context::FlowContext;
use super::machine::{At, Flow, Illegal};
use super::names;
use super::run::RunState;
use super::step::Decision;
use super::view::{Records, View};
use crate::domain::explanation::Explanation;
use records::ReviewEntry;

use state::ReviewState;

impl Flow for ReviewState {
    const NAME: FlowName = names::REVIEW;
    type Record = ReviewEntry;

    fn on(subject: &Subject) -> Option<Self> {
        match subject {
            Subject::PullRequest(number) => Some(Self::new(*number)),
            Subject::Issue(_) | Subject::Task(_) => None,
        }
    }

    fn apply(&mut self, at: At<'_>, record: ReviewEntry) -> Result<(), Illegal> {
        Self::apply(self, at, record)
    }

    fn gap(&mut self) {
        self.records = Records::Missing;
    }

    fn unlinked(&mut self, record: ReviewEntry) {
        Self::unlinked(self, &record);
    }

    fn next(&self, cx: &FlowContext<'_>) -> Decision<Infallible> {
        next::next(self, cx)
    }

    fn explain(&self, cx: &FlowContext<'_>) -> Decision<Explanation> {
        explain::explain(self, cx)
    }

    fn comment(&self, at: At<'_>, record: &ReviewEntry) -> String {
        comment::render(at, record, &self.rounds.items(), &self.measured, &self.unmeasured())
    }

    fn announce(at: At<'_>, record: &ReviewEntry) -> Announcement {
        announce::announce(at, record)
    }

    fn run(&self) -> Option<&RunState> {
        self.run.as_ref().map(|run| &run.state)
    }

    fn view(&self) -> View {
        View {
            round: self.rounds.round(),
            rounds: self.rounds.number(),
            head: self.rounds.head().cloned(),
            ours: self.ours.clone(),
            against: self.base_ref.clone().map(Against::Branch),
            branch: None,
            pull_request: Some(self.number),
            votes_on: RevisionKind::Commit,
            voters: self.run.iter().flat_map(|run| run.terms.roster.voters().labels()).cloned().collect(),
            votes: self.votes(),
            items: self.rounds.items(),
            gates_unmeasured: self.unmeasured(),
            gates: self.measured.all(),
            gates_not_run: self
                .run
                .as_ref()
                .map_or_else(BTreeMap::new, |run| run.terms.policy.gates_not_run.clone()),
            records: self.records,
            next_command: None,
            parts: Vec::new(),
        }
    }
}
