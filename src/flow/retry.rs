//! Retries: after a failed turn, the same question is asked again, later or with another model, or not at all. Instants come
//! from the journal, so that a restart neither extends a wait nor adds attempts.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::failure::{Course, TurnFailure};
use crate::domain::roster::SeatKey;

/// The longest wait for a limit within a run; a longer one parks the run.
const WORTH_WAITING: SignedDuration = SignedDuration::from_mins(2);
/// The time for which a run is parked after a rate limit without a reset time.
const USUAL_REST: SignedDuration = SignedDuration::from_mins(15);
/// The waits for a quota that should be back but is not, which become longer.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_secs(5);
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(1);
/// The number of times that one question waits for a quota.
const MOST_WAITS: u32 = 20;

/// The policy for failed turns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPolicy {
    /// `--agent-max-retries`: the number of retries after a failure that may be temporary.
    pub most: u32,
    /// `--agent-retry-backoff-seconds`: the delays before each retry; the last value repeats.
    pub backoff_seconds: Vec<u32>,
    /// `--on-quota`
    pub on_quota: OnQuota,
    /// The models of an agent, in order.
    pub models: BTreeMap<SeatKey, Vec<String>>,
}

/// The action when an agent's quota is exhausted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnQuota {
    /// The run is parked, to be resumed later.
    Exit,
    /// The run waits.
    Wait,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { most: 2, backoff_seconds: vec![15, 45], on_quota: OnQuota::Exit, models: BTreeMap::new() }
    }
}

/// The time for which a model of a chain is skipped if its reset time is unknown: the shortest quotas last a few hours.
const UNKNOWN_REST: SignedDuration = SignedDuration::from_hours(1);

/// The time at which a model of a chain is available again.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Back {
    /// The reset time of its quota according to its failure.
    Quota {
        at: Timestamp,
        failure: TurnFailure,
    },
    /// The time is unknown; after this instant an attempt is made.
    Unknown {
        at: Timestamp,
    },
    Never,
}

impl Back {
    fn instant(&self) -> Option<Timestamp> {
        match self {
            Self::Quota { at, .. } | Self::Unknown { at } => Some(*at),
            Self::Never => None,
        }
    }
}

/// The attempts of a question so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tries {
    /// The index of the model in the chain.
    model: usize,
    /// The number of its temporary failures.
    passing: u32,
    /// The number of waits for its quota.
    waits: u32,
    /// The number of times that its session was lost.
    lost_sessions: u32,
    /// The times at which skipped models are available again, by their indices.
    back: BTreeMap<usize, Back>,
}

impl Tries {
    /// Skips the current model for now.
    fn given_up(&self, back: Back) -> Self {
        let mut tries = self.clone();
        tries.back.insert(self.model, back);
        tries
    }

    /// Returns the model that is available first, with the time; `None` if no quota was used up.
    fn soonest(&self) -> Option<(Timestamp, usize)> {
        let waits_for_one = self.back.values().any(|back| matches!(back, Back::Quota { .. }));
        let all = self.back.iter().filter_map(|(model, back)| Some((back.instant()?, *model)));
        all.min().filter(|_| waits_for_one)
    }

    /// Returns whether the model differs from that of other attempts.
    pub fn is_of_another_model(&self, before: &Self) -> bool {
        self.model != before.model
    }
}

/// A repetition of the question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// The attempts including this one.
    pub tries: Tries,
    pub not_before: Timestamp,
}

/// A failed question.
#[derive(Debug, Clone, Copy)]
pub struct Failed<'turn> {
    pub failure: &'turn TurnFailure,
    pub at: Timestamp,
    pub who: &'turn SeatKey,
}

impl RetryPolicy {
    /// Returns the model of an attempt; `None`, the program's own choice, if the chain is empty.
    pub fn model(&self, who: &SeatKey, tries: &Tries) -> Option<&str> {
        self.models.get(who)?.get(tries.model).map(String::as_str)
    }

    /// Returns the retry after a failure; `None` if the failure is final. If all models of a chain were skipped, the retry waits
    /// for the one that is available first.
    pub fn after(&self, failed: Failed<'_>, tries: &Tries) -> Option<Retry> {
        let Failed { failure, at, who } = failed;
        let given_up = back(failure, at).map(|back| tries.given_up(back));
        let another = || self.of_another_model(at, who, given_up.as_ref()?);
        let waited = || self.when_back(at, given_up.as_ref()?);
        match failure.course() {
            Course::ServicePasses | Course::Passes => self.later(at, tries).or_else(another).or_else(waited),
            Course::RateLimited { retry_at } => self
                .later(at, tries)
                .map(|retry| Retry { not_before: retry_at.unwrap_or(at).max(retry.not_before), ..retry })
                .filter(|retry| retry.not_before.duration_since(at) <= WORTH_WAITING)
                .or_else(another)
                .or_else(|| match self.on_quota {
                    OnQuota::Wait => waited(),
                    // An earlier wait for the near reset did not help.
                    OnQuota::Exit => waited().filter(|retry| retry.tries.model != tries.model),
                }),
            Course::Quota { .. } | Course::QuotaUnknown { .. } | Course::UnknownModel => {
                another().or_else(waited)
            }
            // The next turn starts a new session.
            Course::SessionLost => (tries.lost_sessions == 0)
                .then(|| Retry { tries: Tries { lost_sessions: 1, ..tries.clone() }, not_before: at }),
            Course::Secret | Course::Final => None,
        }
    }

    fn later(&self, at: Timestamp, tries: &Tries) -> Option<Retry> {
        if tries.passing >= self.most {
            return None;
        }
        let place = usize::try_from(tries.passing).unwrap_or(usize::MAX);
        let seconds = self.backoff_seconds.get(place).or(self.backoff_seconds.last()).copied().unwrap_or(0);
        let not_before = after(at, SignedDuration::from_secs(i64::from(seconds)));
        Some(Retry { tries: Tries { passing: tries.passing + 1, ..tries.clone() }, not_before })
    }

    /// Returns the first model that was not tried yet.
    fn of_another_model(&self, at: Timestamp, who: &SeatKey, tries: &Tries) -> Option<Retry> {
        let chain = self.models.get(who)?;
        let model = (0..chain.len()).find(|model| !tries.back.contains_key(model))?;
        let (waits, back) = (tries.waits, tries.back.clone());
        Some(Retry { tries: Tries { model, waits, back, ..Tries::default() }, not_before: at })
    }

    /// Returns the model that is available first.
    fn when_back(&self, at: Timestamp, tries: &Tries) -> Option<Retry> {
        let (instant, model) = tries.soonest()?;
        let is_near = instant.duration_since(at) <= WORTH_WAITING && tries.waits == 0;
        let waits = match self.on_quota {
            OnQuota::Wait => tries.waits < MOST_WAITS,
            OnQuota::Exit => is_near,
        };
        let pause = FIRST_PAUSE.saturating_mul(3_i32.saturating_pow(tries.waits)).min(LONGEST_PAUSE);
        let not_before = instant.max(after(at, pause));
        let (passing, lost_sessions) =
            if model == tries.model { (tries.passing, tries.lost_sessions) } else { (0, 0) };
        let (count, back) = (tries.waits + 1, tries.back.clone());
        let retry = Retry { tries: Tries { model, passing, waits: count, lost_sessions, back }, not_before };
        waits.then_some(retry)
    }
}

/// Returns when a model is available again after a failure; `None` if another model would fail too.
fn back(failure: &TurnFailure, at: Timestamp) -> Option<Back> {
    let quota = |at| Some(Back::Quota { at, failure: failure.clone() });
    match failure.course() {
        Course::Quota { resets_at: at } | Course::QuotaUnknown { retry_at: at } => quota(at),
        Course::RateLimited { retry_at } => quota(retry_at.unwrap_or(after(at, USUAL_REST))),
        Course::ServicePasses | Course::Passes => Some(Back::Unknown { at: after(at, UNKNOWN_REST) }),
        Course::UnknownModel => Some(Back::Never),
        Course::SessionLost | Course::Secret | Course::Final => None,
    }
}

/// Returns the final failure. If a quota of the chain is used up, it is the failure of the model whose quota is back
/// first, with the time at which any model of the chain is available.
pub fn settled(failed: Failed<'_>, tries: &Tries) -> TurnFailure {
    let Failed { failure, at, .. } = failed;
    let Some(back) = back(failure, at) else { return failure.clone() };
    let tries = tries.given_up(back);
    let quotas = tries.back.values().filter_map(|back| match back {
        Back::Quota { at, failure } => Some((*at, failure)),
        Back::Unknown { .. } | Back::Never => None,
    });
    match (quotas.min_by_key(|(at, _)| *at), tries.soonest()) {
        (Some((_, TurnFailure::RateLimited { detail, .. })), Some((instant, _))) => {
            TurnFailure::RateLimited { retry_at: Some(instant), detail: detail.clone() }
        }
        (Some((_, TurnFailure::QuotaUnknown { detail, .. })), Some((instant, _))) => {
            TurnFailure::QuotaUnknown { retry_at: instant, detail: detail.clone() }
        }
        (Some((_, TurnFailure::Quota { detail, .. })), Some((instant, _))) => {
            TurnFailure::Quota { resets_at: instant, detail: detail.clone() }
        }
        (Some(_) | None, Some(_) | None) => failure.clone(),
    }
}

/// Returns the attempts with which a question starts after its run was parked.
pub fn after_parking(failed: Failed<'_>, tries: &Tries) -> Tries {
    let back = back(failed.failure, failed.at);
    let soonest = back.and_then(|back| tries.given_up(back).soonest());
    soonest.map_or_else(Tries::default, |(_, model)| Tries { model, ..Tries::default() })
}

/// Adds a duration, rounded up to a whole second for messages.
fn after(instant: Timestamp, wait: SignedDuration) -> Timestamp {
    let later = instant.checked_add(wait).unwrap_or(instant);
    let up = i64::from(later.subsec_nanosecond() > 0);
    Timestamp::from_second(later.as_second().saturating_add(up)).unwrap_or(later)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::agent::Role;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn who() -> SeatKey {
        SeatKey { role: Role::Coder, label: "claude".parse().unwrap() }
    }

    fn chain(models: &[&str]) -> RetryPolicy {
        let models = models.iter().map(|model| (*model).to_owned()).collect();
        RetryPolicy { models: BTreeMap::from([(who(), models)]), ..RetryPolicy::default() }
    }

    /// Returns every instant and model of a question that fails in the same way each time, one second after its start.
    fn asked(policy: &RetryPolicy, failure: &TurnFailure) -> Vec<(i64, Option<String>)> {
        let (mut tries, mut begun) = (Tries::default(), at(0));
        let mut all = Vec::new();
        for _ in 0..100 {
            all.push((begun.as_second(), policy.model(&who(), &tries).map(str::to_owned)));
            let failed = Failed { failure, at: after(begun, SignedDuration::from_secs(1)), who: &who() };
            let Some(retry) = policy.after(failed, &tries) else { return all };
            (tries, begun) = (retry.tries, retry.not_before);
        }
        panic!("a question is asked without end");
    }

    fn instants(policy: &RetryPolicy, failure: &TurnFailure) -> Vec<i64> {
        asked(policy, failure).into_iter().map(|(instant, _)| instant).collect()
    }

    #[test]
    fn passing_failures_are_retried_with_backoff() {
        let failure = TurnFailure::Overloaded { detail: "529".to_owned() };
        assert_eq!(instants(&RetryPolicy::default(), &failure), [0, 16, 62]);
        let patient = RetryPolicy { most: 4, ..RetryPolicy::default() };
        assert_eq!(instants(&patient, &failure), [0, 16, 62, 108, 154]);
        let hasty = RetryPolicy { most: 1, backoff_seconds: Vec::new(), ..RetryPolicy::default() };
        assert_eq!(instants(&hasty, &failure), [0, 1]);
    }

    #[test]
    fn final_failures_are_not_retried() {
        for failure in [
            TurnFailure::Timeout { seconds: 3600, limit: None },
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
    fn exhausted_models_give_way_to_others() {
        let quota = TurnFailure::Quota { resets_at: at(100_000), detail: String::new() };
        let unknown = TurnFailure::UnknownModel { detail: String::new() };
        for failure in [quota, unknown] {
            let models: Vec<Option<String>> =
                asked(&chain(&["a", "b", "c"]), &failure).into_iter().map(|(_, model)| model).collect();
            assert_eq!(models, ["a", "b", "c"].map(|model| Some(model.to_owned())));
        }
    }

    #[test]
    fn near_limits_are_waited_for() {
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
    fn lost_sessions_begin_anew_once() {
        let lost = TurnFailure::SessionLost { detail: String::new() };
        assert_eq!(instants(&RetryPolicy::default(), &lost), [0, 1]);
    }

    /// Returns the failures of models: `9` is used up until second 9, `!` overloaded, `?` unknown.
    fn failures(words: &str) -> Vec<TurnFailure> {
        let failure = |word: &str| match word {
            "!" => TurnFailure::Overloaded { detail: String::new() },
            "?" => TurnFailure::UnknownModel { detail: String::new() },
            second => TurnFailure::Quota { resets_at: at(second.parse().unwrap()), detail: String::new() },
        };
        words.split(' ').map(failure).collect()
    }

    /// Returns the first turns of a chain whose models fail in different ways, as `model@second`.
    fn turns(policy: &RetryPolicy, words: &str, most: usize) -> String {
        let (mut tries, mut begun) = (Tries::default(), at(0));
        let mut all = Vec::new();
        let failures = failures(words);
        while all.len() < most {
            let model = policy.model(&who(), &tries).unwrap().to_owned();
            all.push(format!("{model}@{}", begun.as_second()));
            let failure = &failures[usize::from(model.as_bytes()[0] - b'a')];
            let failed = Failed { failure, at: begun, who: &who() };
            let Some(retry) = policy.after(failed, &tries) else { break };
            (tries, begun) = (retry.tries, retry.not_before);
        }
        all.join(" ")
    }

    #[test]
    fn chains_resume_with_the_earliest_model() {
        let waiting = RetryPolicy { on_quota: OnQuota::Wait, most: 0, ..chain(&["a", "b", "c"]) };
        for (words, expected) in [
            ("5000 9000 7000", "a@0 b@0 c@0 a@5000"),
            ("9000 5000 7000", "a@0 b@0 c@0 b@5000"),
            ("9000 7000 5000", "a@0 b@0 c@0 c@5000"),
            // The end of an overload is unknown: it counts as an hour.
            ("9000 ! 5000", "a@0 b@0 c@0 b@3600"),
            ("2000 5000 !", "a@0 b@0 c@0 a@2000"),
            // An unknown model never becomes available.
            ("9000 ? 7000", "a@0 b@0 c@0 c@7000"),
            ("9000 7000 ?", "a@0 b@0 c@0 b@7000"),
        ] {
            assert_eq!(turns(&waiting, words, 4), expected, "{words}");
        }
    }

    #[test]
    fn runs_park_until_a_model_returns() {
        for (words, expected) in [
            ("5000 9000 7000", "has used up its quota until 1970-01-01 01:23 UTC"),
            ("9000 7000 5000", "has used up its quota until 1970-01-01 01:23 UTC"),
            ("9000 7000 !", "has used up its quota until 1970-01-01 01:00 UTC"),
            ("9000 ? 7000", "has used up its quota until 1970-01-01 01:56 UTC"),
            ("9000 7000 ?", "has used up its quota until 1970-01-01 01:56 UTC"),
        ] {
            let policy = RetryPolicy { most: 0, ..chain(&["a", "b", "c"]) };
            let mut tries = Tries::default();
            let mut last = None;
            for failure in &failures(words) {
                let failed = Failed { failure, at: at(0), who: &who() };
                last = Some(settled(failed, &tries).to_string());
                match policy.after(failed, &tries) {
                    Some(retry) => tries = retry.tries,
                    None => break,
                }
            }
            assert_eq!(last.as_deref(), Some(expected), "{words}");
        }
        let overloaded = TurnFailure::Overloaded { detail: String::new() };
        let failed = Failed { failure: &overloaded, at: at(0), who: &who() };
        assert_eq!(settled(failed, &Tries::default()), overloaded, "nothing is used up");
    }
}
