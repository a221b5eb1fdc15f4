//! An open debate: its state, its terms and the inputs of its decisions, and what all its prompts say.

use crate::domain::policy::Followups;
use crate::protocol::context::{ContextDebate, ContextPosition};
use crate::protocol::expectation::Debate;
use crate::protocol::requirements::surfaced;

use super::super::ask::{Against, Brief};
use super::super::context::FlowContext;
use super::super::run::RunState;
use super::state::{DebateState, DiscussState};

/// An open debate.
pub(super) struct OpenDebate<'now> {
    pub(super) cx: &'now FlowContext<'now>,
    pub(super) state: &'now DiscussState,
    pub(super) run: &'now RunState,
    pub(super) debate: &'now DebateState,
}

impl OpenDebate<'_> {
    /// Returns the expectation for answers in the current round.
    pub(super) fn expected(&self) -> Debate {
        let debaters = self.run.terms.roster.reviewers().iter().map(|seat| seat.label.clone()).collect();
        Debate { round: self.debate.round(), debaters, research: self.debate.policy.research }
    }

    /// Returns the facts about the debate for prompts, with these positions.
    pub(super) fn about(&self, positions: Vec<ContextPosition>) -> ContextDebate {
        let debaters = self.run.terms.roster.reviewers().iter().map(|seat| seat.label.to_string()).collect();
        let research = self.debate.policy.research.name().to_owned();
        ContextDebate { research, debaters, agenda: None, positions }
    }

    /// Returns the input for a prompt of the current round.
    pub(super) fn brief(&self, debate: ContextDebate) -> Brief {
        Brief {
            subject: self.debate.subject.clone(),
            task: self.debate.subject.text(),
            origin: None,
            against: Against::Commit(self.debate.head.clone()),
            items: Vec::new(),
            requirements: surfaced(Vec::new()),
            gates: Vec::new(),
            followups: Followups::Ignore,
            branch: None,
            max_rounds: self.debate.policy.rounds(),
            clarifications: Vec::new(),
            summary: None,
            plan: None,
            debate: Some(debate),
        }
    }
}
