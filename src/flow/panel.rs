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

/// Whether seats that were not asked yet are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asking {
    Allowed,
    /// No further seats are asked; answers are published, and running turns finish.
    Draining,
}

/// A seat whose question failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedSeat {
    pub label: Label,
    pub failure: TurnFailure,
}

/// Polls the seats in the configured order: each answer is published as a record in that order, and the failed seats
/// remain. `asks` has a question for each seat without a record.
pub fn poll<K: Kind>(
    cx: &FlowContext<'_>,
    asks: &[Ask],
    asking: Asking,
    record: impl Fn(&Ask, Answered<K>) -> Draft,
) -> Decision<Vec<FailedSeat>> {
    let mut failed = Vec::new();
    let mut unasked = Vec::new();
    let mut running = false;
    let no_turn_begins = asking == Asking::Draining || cx.turns == FurtherTurns::Over;
    for ask in asks {
        let question = Question { ask, results: cx.results, persistence: &cx.request.persistence };
        match question.state::<K>() {
            QuestionState::Answered(answered) if !running && (unasked.is_empty() || no_turn_begins) => {
                return first(Step::Publish(Box::new(record(ask, *answered))));
            }
            QuestionState::Answered(_) => {}
            QuestionState::Failed(failure) => {
                failed.push(FailedSeat { label: ask.key.label.clone(), failure });
            }
            QuestionState::Running => running = true,
            QuestionState::Ask(ask) => unasked.push(*ask),
        }
    }
    match (asking, cx.turns, unasked.is_empty(), running) {
        (Asking::Draining, _, _, true)
        | (Asking::Allowed, FurtherTurns::Over, _, true)
        | (Asking::Allowed, FurtherTurns::Allowed, true, true) => first(Step::Await),
        (Asking::Draining, _, _, false) | (Asking::Allowed, _, true, false) => ControlFlow::Continue(failed),
        (Asking::Allowed, FurtherTurns::Over, false, false) => first(Next::NoMoreTurns),
        (Asking::Allowed, FurtherTurns::Allowed, false, _) => match cx.request.reviewing {
            Reviewing::Parallel => first(Step::Ask(unasked)),
            Reviewing::Sequential if running => first(Step::Await),
            Reviewing::Sequential => first(Step::Ask(unasked.into_iter().take(1).collect())),
        },
    }
}
