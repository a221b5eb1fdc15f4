//! The reviewers of a round: who is due, their questions, and the records of their answers.

use crate::domain::agent::{ResponseKind, Role};
use crate::domain::item::Item;
use crate::domain::roster::Seat;
use crate::domain::turn::TurnKey;
use crate::ledger::envelope::Draft;
use crate::protocol::kinds::pr_review::PrReview;

use super::super::ask::Ask;
use super::super::machine::draft;
use super::super::panel::{self, Asking, FailedSeat, Panel, Publishing};
use super::super::question::Answered;
use super::super::step::Decision;
use super::coder;
use super::records::{ReviewEntry, ReviewRecord};
use super::seen::{OpenReview, ReviewAt};
use super::state::ReviewState;

/// Polls the reviewers who are due at this point, and returns those whose turns failed.
pub(super) fn poll(seen: &OpenReview<'_>, at: &ReviewAt, asking: Asking) -> Decision<Vec<FailedSeat>> {
    let pass = seen.pass();
    let shown = pass.shown(at);
    let asks: Vec<Ask> = pass.due(at, &shown).map(|seat| ask(seen, seat, at, &shown)).collect();
    let pace = seen.cx.request.reviewing;
    let panel = Panel { asks: &asks, asking, pace, publishing: Publishing::AsAnswered };
    panel::poll::<PrReview>(seen.cx, panel, |ask, answered| record(seen, at, ask, answered))
}

fn ask(seen: &OpenReview<'_>, seat: &Seat, at: &ReviewAt, shown: &[Item]) -> Ask {
    let key = TurnKey::first(
        seen.run.state.at(at.round),
        Role::Reviewer,
        &seat.label,
        ResponseKind::PrReview,
        &at.head,
    );
    seen.pass().ask(seen.cx, key, coder::brief(seen, shown.to_vec()), seat)
}

/// Creates the record of a review. Findings get their numbers here, at publication.
fn record(seen: &OpenReview<'_>, at: &ReviewAt, ask: &Ask, answered: Answered<PrReview>) -> Draft {
    let (response, findings, given) = seen.pass().numbered(ask, answered);
    // A published nonce would be readable by other agents.
    let response = PrReview { nonce: None, ..response };
    let record = ReviewRecord { head: at.head.clone(), response, findings, given };
    let record = ReviewEntry::Review(Box::new(record));
    Draft { from: Some(ask.key.clone()), ..draft::<ReviewState>(&seen.run.state.id, at.round, &record) }
}
