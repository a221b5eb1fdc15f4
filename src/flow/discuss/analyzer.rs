//! The analyzer: it summarizes a round that does not end the debate. After any failure of it, the debate continues without it.

use std::ops::ControlFlow;

use crate::domain::access::Access;
use crate::domain::agent::{ResponseKind, Role};
use crate::domain::debate::ResearchPolicy;
use crate::domain::turn::TurnKey;
use crate::protocol::expectation::Expectation;
use crate::protocol::kinds::discuss_agenda::DiscussAgenda;

use super::super::ask::Ask;
use super::super::question;
use super::super::step::Decision;
use super::debaters::shown;
use super::open::OpenDebate;
use super::records::{AgendaAnswer, SeatFailure};
use super::state::DebateRound;

/// The analyzer's contribution to the summary of a round; nothing without an analyzer.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    pub(super) answer: Option<AgendaAnswer>,
    pub(super) failure: Option<SeatFailure>,
    /// The turn of the answer.
    pub(super) from: Option<TurnKey>,
}

/// Returns the analyzer's agenda of a settled round, or its failure.
pub(super) fn agenda(open: &OpenDebate<'_>, round: &DebateRound) -> Decision<Agenda> {
    let Some(ask) = ask(open, round) else { return ControlFlow::Continue(Agenda::default()) };
    let agent = &ask.key.label;
    let (mut response, (), given) = match question::ask::<DiscussAgenda>(open.cx, &ask)? {
        Ok(answered) => answered.given_by(agent),
        Err(failure) => {
            let failure = Some(SeatFailure::new(agent, &failure));
            return ControlFlow::Continue(Agenda { failure, ..Agenda::default() });
        }
    };
    if open.debate.terms.policy.research == ResearchPolicy::Forbidden {
        (response.research_required, response.research_questions) = (None, None);
    }
    let answer = Some(AgendaAnswer { response, given });
    ControlFlow::Continue(Agenda { answer, failure: None, from: Some(ask.key) })
}

fn ask(open: &OpenDebate<'_>, round: &DebateRound) -> Option<Ask> {
    let OpenDebate { run, debate, state, .. } = open;
    let seat = debate.terms.analyzer.as_ref()?;
    let (at, kind) = (run.at(debate.round()), ResponseKind::DiscussAgenda);
    let key = TurnKey::first(at, Role::Analyzer, &seat.label, kind, &debate.head);
    let expectation = Expectation { debate: Some(open.expected()), ..Expectation::bare(kind) };
    let brief = open.brief(None, round.positions.iter().map(shown).collect());
    let published_turns = state.published_turns(Role::Analyzer, &seat.label);
    Some(Ask { published_turns, ..Ask::first(key, Access::Read, brief, expectation, seat.model.clone()) })
}
