//! An open debate: its state, its terms and the inputs of its decisions, and what all its prompts say.

use crate::domain::ids::Label;
use crate::protocol::context::{ContextDebate, ContextPosition};
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

    /// Returns the facts about the debate for prompts, with these positions.
    pub(super) fn about(&self, positions: Vec<ContextPosition>) -> ContextDebate {
        let debaters = self.debate.terms.debaters.labels().map(Label::to_string).collect();
        let research = self.debate.terms.policy.research.name().to_owned();
        ContextDebate { research, debaters, agenda: None, positions }
    }

    /// Returns the input for a prompt of the current round.
    pub(super) fn brief(&self, debate: ContextDebate) -> Brief {
        let (subject, against) = (self.debate.subject.clone(), Against::Commit(self.debate.head.clone()));
        let max_rounds = self.debate.terms.policy.rounds();
        Brief { debate: Some(debate), ..Brief::about(subject, against, max_rounds) }
    }
}
