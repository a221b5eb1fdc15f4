//! A panel: several seats with the same kind of answer. It decides who is asked, whose answer is published next, and who failed.

use std::ops::ControlFlow;

use crate::domain::failure::TurnFailure;
use crate::domain::ids::Label;
use crate::ledger::envelope::Draft;
use crate::protocol::kinds::Kind;

use super::ask::Ask;
use super::context::{FlowContext, FurtherTurns};
use super::question::{Answered, Question, QuestionState};
use super::request::Reviewing;
use super::step::{Decision, Next, Step, first};

/// The seats of a panel that have no record yet, and how they are asked.
#[derive(Debug, Clone, Copy)]
pub struct Panel<'now> {
    /// A question for each seat, in the configured order.
    pub asks: &'now [Ask],
    pub asking: Asking,
    pub pace: Reviewing,
    pub publishing: Publishing,
}

/// Whether seats that were not asked yet are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asking {
    Allowed,
    /// Yes, until a seat fails.
    UntilFailure,
    /// No further seats are asked; answers are published, and running turns finish.
    Draining,
}

/// When answers are published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Publishing {
    /// When all seats before have answered.
    AsAnswered,
    /// When no seat is left to ask: no seat sees an answer of another.
    WhenSettled,
}

/// The beginning of the message that too few seats have answered.
pub const TOO_FEW_VOTES: &str = "a round needs two votes";

/// A seat whose question failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedSeat {
    pub label: Label,
    pub failure: TurnFailure,
}

/// Polls the seats in the configured order: each answer is published as a record in that order, and the failed seats
/// remain.
pub fn poll<K: Kind>(
    cx: &FlowContext<'_>,
    panel: Panel<'_>,
    record: impl Fn(&Ask, Answered<K>) -> Draft,
) -> Decision<Vec<FailedSeat>> {
    let (mut failed, mut unasked, mut answered) = (Vec::new(), Vec::new(), None);
    let mut running = false;
    let no_turn_begins = panel.asking == Asking::Draining || cx.turns == FurtherTurns::Over;
    for ask in panel.asks {
        let question = Question { ask, results: cx.results, persistence: &cx.request.persistence };
        match question.state::<K>() {
            QuestionState::Answered(found) => {
                let comes_next = !running && (unasked.is_empty() || no_turn_begins);
                if comes_next && panel.publishing == Publishing::AsAnswered {
                    return first(Step::Publish(Box::new(record(ask, *found))));
                }
                answered = answered.or(Some((ask, found)));
            }
            QuestionState::Failed(failure) => {
                failed.push(FailedSeat { label: ask.key.label.clone(), failure });
            }
            QuestionState::Running => running = true,
            QuestionState::Ask(ask) => unasked.push(*ask),
        }
    }
    let asking = match panel.asking {
        Asking::UntilFailure if !failed.is_empty() => Asking::Draining,
        asking @ (Asking::Allowed | Asking::UntilFailure | Asking::Draining) => asking,
    };
    let is_asked = asking != Asking::Draining && !unasked.is_empty();
    match (is_asked, cx.turns, running, answered) {
        (true, FurtherTurns::Allowed, running, _) => match panel.pace {
            Reviewing::Parallel => first(Step::Ask(unasked)),
            Reviewing::Sequential if running => first(Step::Await),
            Reviewing::Sequential => first(Step::Ask(unasked.into_iter().take(1).collect())),
        },
        (_, _, true, _) => first(Step::Await),
        (_, _, false, Some((ask, found))) => first(Step::Publish(Box::new(record(ask, *found)))),
        (true, FurtherTurns::Over, false, None) => first(Next::NoMoreTurns),
        (false, _, false, None) => ControlFlow::Continue(failed),
    }
}
