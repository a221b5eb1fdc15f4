//! From the failure of a turn to what becomes of its run: it waits, a person looks, or an agent is missing. Pure.

use jiff::Timestamp;

use crate::domain::agent::Role;
use crate::domain::ending::Parked;
use crate::domain::failure::TurnFailure;
use crate::domain::ids::Label;
use crate::domain::instant;

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
    /// The agent is not available.
    Unavailable,
}

/// The consequence of a failure: only a limit whose end is known can be waited for.
pub fn of(failure: &TurnFailure) -> RunEffect {
    match failure {
        TurnFailure::Quota { resets_at, .. } => {
            RunEffect::Park { resets_at: instant::whole_second(*resets_at), reason: Parked::Quota }
        }
        TurnFailure::RateLimited { retry_at: Some(at), .. } => {
            RunEffect::Park { resets_at: instant::whole_second(*at), reason: Parked::RateLimit }
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

/// Why a run is parked, for a person: whose allowance it is, and when it is back.
pub fn parked((label, role): (&Label, Role), resets_at: Timestamp, now: Timestamp) -> String {
    let until = instant::until(now, resets_at);
    format!("the allowance of `{label}` ({role}) is used up until {until}; run the same command again then")
}
