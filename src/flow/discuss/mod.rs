//! The debate about an issue: the state that records fold to, and the next step.

mod agenda;
mod analyzer;
mod announce;
mod choice;
mod comment;
mod debaters;
mod next;
mod open;
pub mod records;
mod stages;
pub mod state;
mod terms;
mod topic;
mod verdict;

use std::convert::Infallible;

use crate::domain::announcement::Announcement;
use crate::domain::flow_name::FlowName;
use crate::domain::revision::RevisionKind;
use crate::domain::subject::Subject;

use super::context::FlowContext;
use super::machine::{At, Flow, Illegal};
use super::names;
use super::results::Results;
use super::run::RunState;
use super::step::Decision;
use super::view::{DebateOutput, FlowOutput, View};
use records::DiscussEntry;

use state::{DebateState, DiscussState};

impl Flow for DiscussState {
    const NAME: FlowName = names::DISCUSSION;
    type Record = DiscussEntry;

    fn on(subject: &Subject) -> Option<Self> {
        match subject {
            Subject::Issue(_) => Some(Self::new(subject.clone())),
            Subject::PullRequest(_) | Subject::Task(_) => None,
        }
    }

    fn apply(&mut self, at: At<'_>, record: DiscussEntry) -> Result<(), Illegal> {
        Self::apply(self, at, record)
    }

    fn gap(&mut self) {
        self.forget();
    }

    fn next(&self, cx: &FlowContext<'_>) -> Decision<Infallible> {
        next::next(self, cx)
    }

    fn comment(&self, at: At<'_>, record: &DiscussEntry) -> String {
        comment::render(self, at, record)
    }

    fn marker(record: &DiscussEntry) -> Option<String> {
        match record {
            DiscussEntry::RoundSummary(summary) => summary.marker(),
            DiscussEntry::Opened(_)
            | DiscussEntry::Position(_)
            | DiscussEntry::Stages(_)
            | DiscussEntry::Concluded(_) => None,
        }
    }

    fn announce(at: At<'_>, record: &DiscussEntry) -> Announcement {
        announce::announce(at, record)
    }

    fn run(&self) -> Option<&RunState> {
        self.run.as_ref()
    }

    fn output(&self, _: &Results) -> Option<FlowOutput> {
        let debate = self.debate.as_ref()?;
        let output = DebateOutput {
            summary: verdict::summary(debate)?,
            objection: verdict::objection(self, debate),
            stages: stages::debated(debate),
        };
        Some(FlowOutput { debate: Some(output), ..FlowOutput::default() })
    }

    fn view(&self) -> View {
        let debate = self.debate.as_ref();
        let decided = debate.and_then(|debate| debate.end.as_ref()).map(|(round, _)| *round);
        let rounds = decided.or(debate.map(DebateState::round)).unwrap_or(0);
        View {
            round: rounds,
            rounds,
            voters: debate.into_iter().flat_map(|debate| debate.terms.debaters.labels()).cloned().collect(),
            votes: debate.map(verdict::votes).unwrap_or_default(),
            votes_on: RevisionKind::Topic,
            records: self.records,
            parts: debate.map(stages::parts).unwrap_or_default(),
            next_command: verdict::next_command(self),
            ..View::default()
        }
    }
}
