//! An open debate: its state, its terms and the inputs of its decisions, and what all its prompts say.

use crate::domain::ids::Label;
use crate::protocol::context::{ContextAgenda, ContextDebate, ContextPosition};
use crate::protocol::expectation::Debate;

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
        let debaters = self.debate.terms.debaters.labels().cloned().collect();
        Debate { round: self.debate.round(), debaters, research: self.debate.terms.policy.research }
    }

    /// Returns the input for a prompt of the current round, with the agenda and the positions that the agent sees.
    pub(super) fn brief(&self, agenda: Option<ContextAgenda>, positions: Vec<ContextPosition>) -> Brief {
        let debaters = self.debate.terms.debaters.labels().map(Label::to_string).collect();
        let research = self.debate.terms.policy.research.name().to_owned();
        let debate = Some(ContextDebate { research, debaters, agenda });
        let (subject, against) = (self.debate.subject.clone(), Against::Commit(self.debate.head.clone()));
        let max_rounds = self.debate.terms.policy.rounds();
        Brief { debate, positions, ..Brief::about(subject, against, max_rounds) }
    }
}
