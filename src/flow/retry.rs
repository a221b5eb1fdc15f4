//! What follows a failed turn: the same question again, later or of another model, or nothing. Instants come from the
//! journal, so a restart waits no longer and asks no oftener.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::domain::agent::Role;
use crate::domain::failure::TurnFailure;
use crate::domain::ids::Label;

/// A limit that is lifted within this time is waited for; a later one parks the run.
const WORTH_WAITING: SignedDuration = SignedDuration::from_mins(2);
/// How long a run is parked after too many requests, if the service does not say.
const USUAL_REST: SignedDuration = SignedDuration::from_mins(15);
/// An allowance that should be back and is not is waited for longer and longer.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_secs(5);
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(1);
/// So often one question waits for an allowance.
const MOST_WAITS: u32 = 20;

/// How failed turns are met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPolicy {
    /// `--agent-max-retries`: how often a question is put again after a failure that may pass.
    pub most: u32,
    /// `--agent-retry-backoff-seconds`: how long is waited before each; the last one counts on.
    pub backoff_seconds: Vec<u32>,
    /// `--on-quota`
    pub on_quota: OnQuota,
    /// The models that an agent is asked with, one after the other.
    pub models: BTreeMap<(Role, Label), Vec<String>>,
}

/// What happens when an allowance is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnQuota {
    /// The run is parked.
    Exit,
    /// The run waits.
    Wait,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { most: 2, backoff_seconds: vec![15, 45], on_quota: OnQuota::Exit, models: BTreeMap::new() }
    }
}

/// How often, and of whom, a question was asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tries {
    /// The place of the model in the chain.
    model: usize,
    /// Failures of it that may pass.
    passing: u32,
    /// Times that its allowance was waited for.
    waits: u32,
    /// Sessions that were lost.
    lost: u32,
}

impl Tries {
    /// Whether another model is asked than at that try.
    pub fn is_of_another_model(self, before: Self) -> bool {
        self.model != before.model
    }
}

/// The same question, once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// How often and of whom it will have been asked.
    pub tries: Tries,
    /// Not before this instant.
    pub not_before: Timestamp,
}

/// A question that ended in a failure.
#[derive(Debug, Clone, Copy)]
pub struct Failed<'turn> {
    /// Why.
    pub failure: &'turn TurnFailure,
    /// When.
    pub at: Timestamp,
    /// Who was asked.
    pub who: &'turn (Role, Label),
}

impl RetryPolicy {
    /// The model that is asked at this try; the program's own choice if the chain is empty.
    pub fn model(&self, who: &(Role, Label), tries: Tries) -> Option<&str> {
        self.models.get(who)?.get(tries.model).map(String::as_str)
    }

    /// What follows a failure; nothing, if it is final.
    pub fn after(&self, failed: Failed<'_>, tries: Tries) -> Option<Retry> {
        let Failed { failure, at, who } = failed;
        match failure {
            TurnFailure::Overloaded { .. }
            | TurnFailure::Network { .. }
            | TurnFailure::Vacuous { .. }
            | TurnFailure::Killed { .. } => {
                self.later(at, tries).or_else(|| self.of_another_model(at, who, tries))
            }
            TurnFailure::RateLimited { retry_at, .. } => self
                .later(at, tries)
                .map(|retry| Retry { not_before: retry_at.unwrap_or(at).max(retry.not_before), ..retry })
                .filter(|retry| retry.not_before.duration_since(at) <= WORTH_WAITING)
                .or_else(|| self.of_another_model(at, who, tries))
                .or_else(|| match self.on_quota {
                    OnQuota::Wait => self.when_back(retry_at.unwrap_or(after(at, USUAL_REST)), at, tries),
                    OnQuota::Exit => None,
                }),
            TurnFailure::Quota { resets_at, .. } => {
                self.of_another_model(at, who, tries).or_else(|| self.when_back(*resets_at, at, tries))
            }
            TurnFailure::UnknownModel { .. } => self.of_another_model(at, who, tries),
            // The next turn begins a session of its own.
            TurnFailure::SessionLost { .. } => {
                (tries.lost == 0).then_some(Retry { tries: Tries { lost: 1, ..tries }, not_before: at })
            }
            // A turn that took its whole time would take it again; the others fail in the same way the next time.
            TurnFailure::Timeout { .. }
            | TurnFailure::Hang { .. }
            | TurnFailure::Auth { .. }
            | TurnFailure::Billing { .. }
            | TurnFailure::Denied { .. }
            | TurnFailure::Spawn { .. }
            | TurnFailure::Exit { .. }
            | TurnFailure::Malformed { .. }
            | TurnFailure::Tampered { .. }
            | TurnFailure::Secret { .. }
            | TurnFailure::Script { .. }
            | TurnFailure::NeverFinished { .. } => None,
        }
    }

    fn later(&self, at: Timestamp, tries: Tries) -> Option<Retry> {
        if tries.passing >= self.most {
            return None;
        }
        let place = usize::try_from(tries.passing).unwrap_or(usize::MAX);
        let seconds = self.backoff_seconds.get(place).or(self.backoff_seconds.last()).copied().unwrap_or(0);
        let not_before = after(at, SignedDuration::from_secs(i64::from(seconds)));
        Some(Retry { tries: Tries { passing: tries.passing + 1, ..tries }, not_before })
    }

    fn of_another_model(&self, at: Timestamp, who: &(Role, Label), tries: Tries) -> Option<Retry> {
        let next = tries.model + 1;
        self.models.get(who)?.get(next)?;
        Some(Retry { tries: Tries { model: next, ..Tries::default() }, not_before: at })
    }

    fn when_back(&self, resets_at: Timestamp, at: Timestamp, tries: Tries) -> Option<Retry> {
        let is_near = resets_at.duration_since(at) <= WORTH_WAITING && tries.waits == 0;
        let waits = match self.on_quota {
            OnQuota::Wait => tries.waits < MOST_WAITS,
            OnQuota::Exit => is_near,
        };
        let pause = FIRST_PAUSE.saturating_mul(3_i32.saturating_pow(tries.waits)).min(LONGEST_PAUSE);
        let not_before = resets_at.max(after(at, pause));
        let retry = Retry { tries: Tries { waits: tries.waits + 1, ..tries }, not_before };
        waits.then_some(retry)
    }
}

/// A final failure, with the instant at which the run may go on where one is missing.
pub fn settled(failure: &TurnFailure, at: Timestamp) -> TurnFailure {
    if let TurnFailure::RateLimited { retry_at: None, detail } = failure {
        TurnFailure::RateLimited { retry_at: Some(after(at, USUAL_REST)), detail: detail.clone() }
    } else {
        failure.clone()
    }
}

/// So much later, at a whole second: a person reads it.
fn after(instant: Timestamp, wait: SignedDuration) -> Timestamp {
    let later = instant.checked_add(wait).unwrap_or(instant);
    let up = i64::from(later.subsec_nanosecond() > 0);
    Timestamp::from_second(later.as_second().saturating_add(up)).unwrap_or(later)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn who() -> (Role, Label) {
        (Role::Coder, "claude".parse().unwrap())
    }

    fn chain(models: &[&str]) -> RetryPolicy {
        let models = models.iter().map(|model| (*model).to_owned()).collect();
        RetryPolicy { models: BTreeMap::from([(who(), models)]), ..RetryPolicy::default() }
    }

    /// Every instant and model at which a question is asked that fails in the same way each time, one second after it began.
    fn asked(policy: &RetryPolicy, failure: &TurnFailure) -> Vec<(i64, Option<String>)> {
        let (mut tries, mut begun) = (Tries::default(), at(0));
        let mut all = Vec::new();
        for _ in 0..100 {
            all.push((begun.as_second(), policy.model(&who(), tries).map(str::to_owned)));
            let failed = Failed { failure, at: after(begun, SignedDuration::from_secs(1)), who: &who() };
            let Some(retry) = policy.after(failed, tries) else { return all };
            (tries, begun) = (retry.tries, retry.not_before);
        }
        panic!("a question is asked without end");
    }

    fn instants(policy: &RetryPolicy, failure: &TurnFailure) -> Vec<i64> {
        asked(policy, failure).into_iter().map(|(instant, _)| instant).collect()
    }

    #[test]
    fn what_may_pass_is_asked_again_after_longer_and_longer_waits() {
        let failure = TurnFailure::Overloaded { detail: "529".to_owned() };
        assert_eq!(instants(&RetryPolicy::default(), &failure), [0, 16, 62]);
        let patient = RetryPolicy { most: 4, ..RetryPolicy::default() };
        assert_eq!(instants(&patient, &failure), [0, 16, 62, 108, 154]);
        let hasty = RetryPolicy { most: 1, backoff_seconds: Vec::new(), ..RetryPolicy::default() };
        assert_eq!(instants(&hasty, &failure), [0, 1]);
    }

    #[test]
    fn what_will_not_pass_is_not_asked_again() {
        for failure in [
            TurnFailure::Timeout { seconds: 3600 },
            TurnFailure::Hang { seconds: 900 },
            TurnFailure::Auth { detail: String::new() },
            TurnFailure::Billing { detail: String::new() },
            TurnFailure::UnknownModel { detail: String::new() },
            TurnFailure::Exit { code: 1, detail: String::new() },
            TurnFailure::Denied { detail: String::new() },
        ] {
            assert_eq!(instants(&RetryPolicy::default(), &failure), [0], "{failure}");
        }
    }

    #[test]
    fn the_next_model_is_asked_when_one_is_used_up_or_unknown() {
        let quota = TurnFailure::Quota { resets_at: at(100_000), detail: String::new() };
        let unknown = TurnFailure::UnknownModel { detail: String::new() };
        for failure in [quota, unknown] {
            let models: Vec<Option<String>> =
                asked(&chain(&["a", "b", "c"]), &failure).into_iter().map(|(_, model)| model).collect();
            assert_eq!(models, ["a", "b", "c"].map(|model| Some(model.to_owned())));
        }
    }

    #[test]
    fn a_limit_is_waited_for_when_it_is_near_and_when_a_person_says_so() {
        let near = TurnFailure::RateLimited { retry_at: Some(at(40)), detail: String::new() };
        assert_eq!(instants(&RetryPolicy::default(), &near), [0, 40, 86]);
        let far = TurnFailure::RateLimited { retry_at: Some(at(4000)), detail: String::new() };
        assert_eq!(instants(&RetryPolicy::default(), &far), [0]);
        let quota = TurnFailure::Quota { resets_at: at(90_000), detail: String::new() };
        assert_eq!(instants(&RetryPolicy::default(), &quota), [0]);
        let waiting = RetryPolicy { on_quota: OnQuota::Wait, ..RetryPolicy::default() };
        let waits = instants(&waiting, &quota);
        assert_eq!(waits.get(..2), Some(&[0, 90_000][..]));
        assert_eq!(waits.len(), 21, "even who waits does not wait for ever");
        let gone = TurnFailure::Quota { resets_at: at(0), detail: String::new() };
        let waits = instants(&waiting, &gone);
        assert_eq!(
            waits.get(..4),
            Some(&[0, 6, 22, 68][..]),
            "an instant that is gone does not hurry anybody"
        );
        assert!(waits.last().is_some_and(|last| *last > 10 * 3600));
    }

    #[test]
    fn a_lost_session_is_begun_anew_once() {
        let lost = TurnFailure::SessionLost { detail: String::new() };
        assert_eq!(instants(&RetryPolicy::default(), &lost), [0, 1]);
    }
}
