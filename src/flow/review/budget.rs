//! The budget of a review: before a turn is asked for, what the run has spent is held against it.

use crate::domain::agent::ResponseKind;
use crate::domain::ending::{Blocked, Ending};
use crate::domain::usage::Usage;
use crate::ledger::record::Payload;

use super::super::step::{Ask, Step, publish};
use super::next::Review;
use super::reviewers::{self, Asking, Place, Round};

impl Review<'_, '_> {
    /// The step, unless it would begin a turn and the budget is spent.
    pub(super) fn within_budget(&self, step: Step) -> Step {
        let Step::Ask(asks) = &step else { return step };
        match self.seen.common.request.budget.exhausted(self.usage()) {
            Some(why) => self.no_further_turn(asks, why),
            None => step,
        }
    }

    /// Votes that were given are published, and turns that run come to their end; then the run ends.
    fn no_further_turn(&self, asks: &[Ask], why: String) -> Step {
        let of_a_reviewer = asks.first().filter(|ask| ask.key.kind == ResponseKind::PrReview);
        if let Some(ask) = of_a_reviewer {
            let place = Place { round: ask.key.round, head: ask.key.head.clone() };
            match reviewers::next(self.state, self.run, &place, self.means(Asking::Over)) {
                Round::Publish(review) => {
                    return publish(&self.run.id, place.round, Payload::Review(review));
                }
                Round::Running => return Step::Await,
                Round::Ask(_) | Round::Settled { .. } => {}
            }
        }
        let ending = Ending::Blocked { reason: Blocked::Budget };
        if self.run.ending.as_ref() == Some(&ending) {
            // The thread says so already, and nothing has happened since.
            return Step::Stop { ending, message: why };
        }
        self.conclude(ending, why)
    }

    /// What the run cost. The journal of this machine knows of turns that came to nothing, the records of turns that were
    /// taken elsewhere: whichever knows more calls counts.
    pub(super) fn usage(&self) -> Usage {
        let journaled = self.seen.common.results.usage(&self.run.id);
        self.run.usage.larger(self.run.inherited.plus(journaled))
    }
}
