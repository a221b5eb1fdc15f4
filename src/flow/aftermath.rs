//! The action that follows a failed turn, for events: it applies the rules for the question in advance.

use jiff::Timestamp;

use crate::domain::failure::TurnFailure;
use crate::domain::follow_up_action::FollowUpAction;
use crate::domain::repair::Remedy;
use crate::protocol::expectation::Complaint;
use crate::protocol::raw_answer::RawAnswer;

use super::ask::{Ask, Purpose};
use super::persistence::Persistence;
use super::question::{asks_for_another, remedy};
use super::retry::{self, Retry};
use super::run_effect::{self, RunEffect};

/// Returns the action after a turn without an answer, at the instant in the journal.
pub fn of_failure(
    ask: &Ask,
    failure: &TurnFailure,
    at: Timestamp,
    persistence: &Persistence,
) -> FollowUpAction {
    if asks_for_another(ask, failure).is_some() {
        return FollowUpAction::Corrected;
    }
    let who = ask.key.seat();
    let failed = retry::Failed { failure, at, who: &who };
    match persistence.retry.after(failed, &ask.tries) {
        Some(Retry { tries, not_before }) => match persistence.retry.model(&who, &tries) {
            Some(model) if tries.is_of_another_model(&ask.tries) && not_before <= at => {
                FollowUpAction::NextModel { model: model.to_owned() }
            }
            Some(_) | None => {
                let wait = not_before.duration_since(at);
                FollowUpAction::AskedAgain {
                    seconds: u64::try_from(wait.as_secs()).unwrap_or_default(),
                    not_before,
                }
            }
        },
        None => in_the_end(ask, &retry::settled(failed, &ask.tries)),
    }
}

/// Returns the action after a malformed answer.
pub fn of_malformed(ask: &Ask, complaints: &[Complaint], raw: &RawAnswer) -> FollowUpAction {
    match remedy(ask, complaints, raw) {
        Some(Remedy::Again) => FollowUpAction::Corrected,
        Some(Remedy::Form) => FollowUpAction::PutIntoForm,
        None => next_reformatting(ask).unwrap_or(FollowUpAction::Nothing),
    }
}

fn in_the_end(ask: &Ask, failure: &TurnFailure) -> FollowUpAction {
    next_reformatting(ask).unwrap_or_else(|| match run_effect::of(failure) {
        RunEffect::Park { resets_at, .. } => FollowUpAction::Parked { until: resets_at },
        RunEffect::Secret | RunEffect::Unavailable => FollowUpAction::Nothing,
    })
}

/// Returns the next attempt to reformat an answer.
fn next_reformatting(ask: &Ask) -> Option<FollowUpAction> {
    match &ask.purpose {
        Purpose::Form(form) => (form.others > 0).then_some(FollowUpAction::PutIntoForm),
        Purpose::Work | Purpose::Again { .. } => None,
    }
}
