//! From the failure of a turn to what becomes of its run: it waits, a person looks, or an agent is missing. Pure.

use jiff::Timestamp;

use crate::domain::agent::Role;
use crate::domain::ending::{Failed, NeedsHuman, Parked};
use crate::domain::failure::{Course, TurnFailure};
use crate::domain::ids::Label;
use crate::domain::instant;

use super::conclusion::Conclusion;

/// What becomes of a run after a failed turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunEffect {
    /// It waits for an allowance.
    Park {
        resets_at: Timestamp,
        /// Whether a whole allowance is used up, or a limit of a short time was hit.
        reason: Parked,
    },
    /// A person must look at what was about to be published.
    Secret,
    Unavailable,
}

/// The consequence of a failure: only a limit whose end is known can be waited for.
pub fn of(failure: &TurnFailure) -> RunEffect {
    match failure.course() {
        Course::Quota { resets_at } => {
            RunEffect::Park { resets_at: instant::whole_second(resets_at), reason: Parked::Quota }
        }
        Course::QuotaUnknown { retry_at } => {
            RunEffect::Park { resets_at: instant::whole_second(retry_at), reason: Parked::QuotaUnknown }
        }
        Course::RateLimited { retry_at: Some(at) } => {
            RunEffect::Park { resets_at: instant::whole_second(at), reason: Parked::RateLimit }
        }
        Course::Secret => RunEffect::Secret,
        Course::RateLimited { retry_at: None }
        | Course::ServicePasses
        | Course::Passes
        | Course::UnknownModel
        | Course::SessionLost
        | Course::Final => RunEffect::Unavailable,
    }
}

/// How a run ends after a failure that waits for an allowance or needs a person, whatever else was answered. The one place
/// that parks.
pub fn conclusion(who: &Who, failure: &TurnFailure, now: Timestamp) -> Option<Conclusion> {
    match of(failure) {
        RunEffect::Park { resets_at, reason } => {
            let until = instant::until(now, resets_at);
            let used_up = match reason {
                Parked::Quota | Parked::RateLimit => format!("is used up until {until}"),
                Parked::QuotaUnknown => format!("is used up until an unknown time; {until} is a guess"),
            };
            let message = format!(
                "the allowance of `{}` ({}) {used_up}; run the same command again then",
                who.label, who.role
            );
            Some(Conclusion::parked(resets_at, reason, message))
        }
        RunEffect::Secret => Some(Conclusion::needs_human(NeedsHuman::Secret, who.failed(failure))),
        RunEffect::Unavailable => None,
    }
}

/// How a run ends after the failure of an agent that it can't do without.
pub fn fatal(who: &Who, failure: &TurnFailure, now: Timestamp) -> Conclusion {
    conclusion(who, failure, now)
        .unwrap_or_else(|| Conclusion::failed(Failed::AgentFailed, who.failed(failure)))
}

/// An agent and what it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    pub role: Role,
    pub label: Label,
}

impl Who {
    pub fn failed(&self, failure: &TurnFailure) -> String {
        format!("the {} `{}` {failure}", self.role, self.label)
    }
}
