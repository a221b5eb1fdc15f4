//! The effect of a failed turn on its run: the run waits, needs a person, or lacks an agent. Pure.

use jiff::Timestamp;

use crate::domain::agent::Role;
use crate::domain::ending::{Failed, NeedsHuman, Parked};
use crate::domain::failure::{Course, TurnFailure};
use crate::domain::ids::Label;
use crate::domain::instant;

use super::conclusion::Conclusion;

/// The effect of a failed turn on its run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunEffect {
    /// The run waits until a limit resets.
    Park {
        resets_at: Timestamp,
        /// The kind of the limit.
        reason: Parked,
    },
    /// A person must check the text that was not published.
    Secret,
    Unavailable,
}

/// Returns the effect of a failure: a run can only wait for a limit with a known end.
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

/// Returns the end of a run after a failure that waits for a limit or needs a person, regardless of other answers. Only this
/// function parks runs.
pub fn conclusion(who: &Who, failure: &TurnFailure) -> Option<Conclusion> {
    match of(failure) {
        RunEffect::Park { resets_at, reason } => {
            let until = instant::utc(resets_at);
            let Who { role, label } = who;
            let message = match reason {
                Parked::Quota => format!("the quota of `{label}` ({role}) is used up until {until}"),
                Parked::RateLimit => format!("`{label}` ({role}) is rate limited until {until}"),
                Parked::QuotaUnknown => format!(
                    "the quota of `{label}` ({role}) is used up; the reset time is unknown ({until} is a guess)"
                ),
            };
            Some(Conclusion::parked(resets_at, reason, message))
        }
        RunEffect::Secret => Some(Conclusion::needs_human(NeedsHuman::Secret, who.failed(failure))),
        RunEffect::Unavailable => None,
    }
}

/// Returns the end of a run after the failure of its coder.
pub fn fatal(label: Label, failure: &TurnFailure) -> Conclusion {
    let who = Who { role: Role::Coder, label };
    conclusion(&who, failure).unwrap_or_else(|| {
        Conclusion::failed(Failed::AgentFailed, who.failed(failure)).corrected_by(failure.correction())
    })
}

/// An agent with its role.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_limit_is_no_quota() {
        let at = Timestamp::UNIX_EPOCH;
        let who = Who { role: Role::Reviewer, label: "codex".parse().unwrap() };
        let told = |failure: &TurnFailure| conclusion(&who, failure).unwrap().message().to_owned();
        let limited = TurnFailure::RateLimited { retry_at: Some(at), detail: String::new() };
        assert_eq!(told(&limited), "`codex` (reviewer) is rate limited until 1970-01-01 00:00 UTC");
        let used_up = TurnFailure::Quota { resets_at: at, detail: String::new() };
        assert_eq!(told(&used_up), "the quota of `codex` (reviewer) is used up until 1970-01-01 00:00 UTC");
    }
}
