//! The debaters of a round: their questions, and the records of their positions. No question shows a position of its own round.

use std::fmt::Write;

use crate::domain::agent::{ResponseKind, Role};
use crate::domain::debate::{OnDebaterFailure, ResearchPolicy};
use crate::domain::ids::Label;
use crate::domain::nonce::Nonce;
use crate::domain::roster::Seat;
use crate::domain::turn::TurnKey;
use crate::ledger::envelope::Draft;
use crate::protocol::context::ContextPosition;
use crate::protocol::expectation::{Expectation, Voter};
use crate::protocol::kinds::discuss_review::DiscussReview;
use crate::protocol::text::Text;

use super::super::ask::Ask;
use super::super::machine::draft;
use super::super::panel::{self, Asking, FailedSeat, Panel, Publishing};
use super::super::question::Answered;
use super::super::step::Decision;
use super::agenda;
use super::open::OpenDebate;
use super::records::{DiscussEntry, Position};
use super::state::DiscussState;
use super::terms::access;

/// Polls the debaters without a position in the current round, and returns those whose turns failed. Positions are published
/// when no debater of the round is left to ask.
pub(super) fn poll(open: &OpenDebate<'_>) -> Decision<Vec<FailedSeat>> {
    let due = open.debate.terms.debaters.seats().iter().filter(|seat| is_due(open, &seat.label));
    let asks: Vec<Ask> = due.map(|seat| ask(open, seat)).collect();
    let asking = match open.debate.terms.policy.on_failure {
        OnDebaterFailure::Fail => Asking::UntilFailure,
        OnDebaterFailure::Partial => Asking::Allowed,
    };
    let pace = open.cx.request.debating;
    let panel = Panel { asks: &asks, asking, pace, publishing: Publishing::WhenSettled };
    panel::poll::<DiscussReview>(open.cx, panel, |ask, answered| record(open, ask, answered))
}

/// Returns whether a debater has no position in the current round. One that was added during a round joins the next.
fn is_due(open: &OpenDebate<'_>, label: &Label) -> bool {
    open.debate.current().is_none_or(|round| round.seats.contains(label) && round.position(label).is_none())
}

fn ask(open: &OpenDebate<'_>, seat: &Seat) -> Ask {
    let OpenDebate { cx, run, debate, state } = open;
    let (round, label) = (debate.round(), &seat.label);
    let key = TurnKey::first(run.at(round), Role::Debater, label, ResponseKind::DiscussReview, &debate.head);
    let nonce = Nonce::of(cx.nonce_secret, &key);
    let expectation = Expectation {
        debate: Some(open.expected()),
        ..Expectation::vote(key.kind, Voter { label: label.clone(), nonce })
    };
    let agenda = agenda::of(debate);
    let sees = |position: &&Position| {
        agenda.as_ref().is_none_or(|agenda| agenda.analyzer.is_none()) || position.given.agent == *label
    };
    let before = debate.complete().into_iter().flat_map(|round| &round.positions);
    let positions = before.filter(sees).map(shown).collect();
    let published_turns = state.published_turns(Role::Debater, label);
    let brief = open.brief(agenda, positions);
    let access = access(debate.terms.policy.research);
    Ask { published_turns, ..Ask::first(key, access, brief, expectation, seat.model.clone()) }
}

/// Returns a position as agents see it.
pub(super) fn shown(position: &Position) -> ContextPosition {
    let said = &position.response;
    let mut text = format!("Vote: {}\n\n{}", said.outcome.name(), said.rationale.as_str());
    if let Some(rebuttal) = &said.rebuttal {
        let _ = write!(text, "\n\nRebuttal: {}", rebuttal.as_str());
    }
    if let Some(note) = &said.framing_note {
        let _ = write!(text, "\n\nAbout the analyzer's agenda: {}", note.as_str());
    }
    for proposal in said.split_proposals.iter().flatten() {
        let _ = write!(text, "\n- proposed issue: {}", proposal.as_str());
    }
    for fact in said.research.iter().flat_map(|research| research.sourced_facts.iter().flatten()) {
        let _ = write!(text, "\n- sourced fact: {} (source: {})", fact.fact.as_str(), fact.source.as_str());
    }
    ContextPosition { name: position.given.agent.to_string(), text }
}

fn record(open: &OpenDebate<'_>, ask: &Ask, answered: Answered<DiscussReview>) -> Draft {
    let (said, meaning, given) = answered.given_by(&ask.key.label);
    let research =
        said.research.clone().filter(|_| open.debate.terms.policy.research != ResearchPolicy::Forbidden);
    let proposals: Vec<Text> =
        meaning.split.into_iter().filter_map(|text| Text::try_from(text).ok()).collect();
    let split_proposals = Some(proposals).filter(|proposals| !proposals.is_empty());
    // A published nonce would be readable by other agents.
    let response = DiscussReview { nonce: None, research, split_proposals, ..said };
    let record = DiscussEntry::Position(Box::new(Position { response, given }));
    Draft { from: Some(ask.key.clone()), ..draft::<DiscussState>(&open.run.id, ask.key.round, &record) }
}
