//! From the failure of a turn to what becomes of its run: it waits, a person looks, or an agent is missing. Pure.

use jiff::Timestamp;

use crate::domain::ending::Parked;
use crate::domain::failure::TurnFailure;

/// What becomes of a run after a failed turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunEffect {
    /// It waits for an allowance.
    Park {
        /// When it is back.
        resets_at: Timestamp,
        /// Whether a whole allowance is used up, or a limit of a short time was hit.
        reason: Parked,
    },
    /// A person must look at what was about to be published.
    Secret,
    /// The agent is not available.
    Unavailable,
}

/// The consequence of a failure: only a limit whose end is known can be waited for.
pub fn of(failure: &TurnFailure) -> RunEffect {
    match failure {
        TurnFailure::Quota { resets_at, .. } => {
            RunEffect::Park { resets_at: *resets_at, reason: Parked::Quota }
        }
        TurnFailure::RateLimited { retry_at: Some(instant), .. } => {
            RunEffect::Park { resets_at: *instant, reason: Parked::RateLimit }
        }
        TurnFailure::Secret { .. } => RunEffect::Secret,
        TurnFailure::Spawn { .. }
        | TurnFailure::RateLimited { retry_at: None, .. }
        | TurnFailure::Auth { .. }
        | TurnFailure::Billing { .. }
        | TurnFailure::UnknownModel { .. }
        | TurnFailure::Overloaded { .. }
        | TurnFailure::Network { .. }
        | TurnFailure::SessionLost { .. }
        | TurnFailure::Denied { .. }
        | TurnFailure::Vacuous { .. }
        | TurnFailure::Hang { .. }
        | TurnFailure::Killed { .. }
        | TurnFailure::Exit { .. }
        | TurnFailure::Timeout { .. }
        | TurnFailure::Malformed { .. }
        | TurnFailure::Tampered { .. }
        | TurnFailure::Script { .. }
        | TurnFailure::NeverFinished { .. } => RunEffect::Unavailable,
    }
}
