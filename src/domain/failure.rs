//! The failures of turns. The retry policy and the flow decide what follows from one.

use std::mem;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::correction::{Correction, LimitPlace};
use super::instant;

/// A failure of a turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "class", rename_all = "snake_case", deny_unknown_fields)]
pub enum TurnFailure {
    /// The account's quota is used up until this instant.
    #[error("has used up its quota until {}{}", instant::utc(*resets_at), colon(detail))]
    Quota {
        resets_at: Timestamp,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        detail: String,
    },
    /// The account's quota is used up, and the reset time is unknown.
    #[error("has used up its quota, and the reset time is unknown ({} is a guess){}", instant::utc(*retry_at), colon(detail))]
    QuotaUnknown {
        /// The instant of the next attempt, a guess.
        retry_at: Timestamp,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        detail: String,
    },
    /// There were too many requests in a short time, and the program's own retries did not help.
    #[error("is rate-limited{}: {detail}", retry_at.map(|at| format!(" until {}", instant::utc(at))).unwrap_or_default())]
    RateLimited {
        /// The instant from which the service accepts requests again, if it named one.
        retry_at: Option<Timestamp>,
        detail: String,
    },
    /// The program is not logged in, or the service rejected its login.
    #[error("could not log in (run `agent-loop doctor` for help): {detail}")]
    Auth { detail: String },
    /// The account has no credit, or its plan does not cover the program.
    #[error("has no credit or plan for this: {detail}")]
    Billing { detail: String },
    /// The model does not exist or is not available to the account.
    #[error("cannot use the model: {detail}")]
    UnknownModel { detail: String },
    /// The service is overloaded or has an outage.
    #[error("failed because its service is overloaded or down: {detail}")]
    Overloaded { detail: String },
    /// The service could not be reached, or the connection broke.
    #[error("could not reach its service: {detail}")]
    Network { detail: String },
    /// The session to resume no longer exists.
    #[error("could not resume its session: {detail}")]
    SessionLost { detail: String },
    /// The agent was denied a permission and gave no answer.
    #[error("was denied a permission: {detail}")]
    Denied { detail: String },
    /// The program ended successfully, but without an answer or without its terminal event.
    #[error("gave no answer: {detail}")]
    Vacuous { detail: String },
    /// The program could not be started.
    #[error("could not be started: {detail}")]
    Spawn { detail: String },
    /// The program failed.
    #[error("ended with exit code {code}{}", colon(detail))]
    Exit {
        /// The exit code, or 128 + the signal that ended the program.
        code: i32,
        /// The last lines of stderr.
        detail: String,
    },
    /// The turn exceeded its time limit, and its processes were killed.
    #[error("took longer than {seconds} s and was killed{}", allows_more(limit.as_ref()))]
    Timeout {
        seconds: u64,
        /// Where the limit is set, if it is a setting.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<LimitPlace>,
    },
    /// The program was idle for too long, and its processes were killed.
    #[error("was idle for {seconds} s and was killed")]
    Hang { seconds: u64 },
    /// Another process killed the program.
    #[error("was killed by another process (signal {signal})")]
    Killed { signal: i32 },
    /// The answer does not follow the protocol.
    #[error("gave a malformed answer: {}", complaints.join("; "))]
    Malformed { complaints: Vec<String> },
    /// A coder's files cannot be used; they were kept.
    #[error("left a change that cannot be used: {why}")]
    UnfitFiles { why: String },
    /// A reviewer changed what it reviewed; its vote is void.
    #[error("changed what it reviewed: {what}")]
    Tampered { what: String },
    /// The answer contains a secret and was discarded.
    #[error("answered with a secret ({}); the answer was discarded", kinds.join(", "))]
    Secret { kinds: Vec<String> },
    /// A script has no turns left, or refers to a missing file.
    #[error("failed: {detail}")]
    Script { detail: String },
    /// The turn was started this many times and never finished.
    #[error("was started {attempts} times and never finished")]
    NeverFinished { attempts: u32 },
}

impl TurnFailure {
    /// The class of a malformed answer.
    pub const MALFORMED: &'static str = "malformed";

    /// Returns the name of the class, for tables and outcomes.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Quota { .. } | Self::QuotaUnknown { .. } => "quota",
            Self::RateLimited { .. } => "rate-limited",
            Self::Auth { .. } => "auth",
            Self::Billing { .. } => "billing",
            Self::UnknownModel { .. } => "unknown-model",
            Self::Overloaded { .. } => "overloaded",
            Self::Network { .. } => "network",
            Self::SessionLost { .. } => "session-lost",
            Self::Denied { .. } => "denied",
            Self::Vacuous { .. } => "vacuous",
            Self::Hang { .. } => "hang",
            Self::Killed { .. } => "killed",
            Self::Spawn { .. } => "spawn",
            Self::Exit { .. } => "exit",
            Self::Timeout { .. } => "timeout",
            Self::Malformed { .. } => Self::MALFORMED,
            Self::UnfitFiles { .. } => "unfit-files",
            Self::Tampered { .. } => "tampered",
            Self::Secret { .. } => "secret",
            Self::Script { .. } => "script",
            Self::NeverFinished { .. } => "never-finished",
        }
    }

    /// Returns what to change so that the next attempt does not fail in the same way, if that is known.
    pub fn correction(&self) -> Option<Correction> {
        let Self::Timeout { seconds, limit } = self else { return None };
        Some(limit.as_ref()?.longer(*seconds))
    }

    /// Returns the class that decides about retries.
    pub fn course(&self) -> Course {
        match self {
            Self::Quota { resets_at, .. } => Course::Quota { resets_at: *resets_at },
            Self::QuotaUnknown { retry_at, .. } => Course::QuotaUnknown { retry_at: *retry_at },
            Self::RateLimited { retry_at, .. } => Course::RateLimited { retry_at: *retry_at },
            Self::Overloaded { .. } | Self::Network { .. } => Course::ServicePasses,
            Self::Vacuous { .. } | Self::Killed { .. } => Course::Passes,
            Self::UnknownModel { .. } => Course::UnknownModel,
            Self::SessionLost { .. } => Course::SessionLost,
            Self::Secret { .. } => Course::Secret,
            Self::Auth { .. }
            | Self::Billing { .. }
            | Self::Denied { .. }
            | Self::Hang { .. }
            | Self::Spawn { .. }
            | Self::Exit { .. }
            | Self::Timeout { .. }
            | Self::Malformed { .. }
            | Self::UnfitFiles { .. }
            | Self::Tampered { .. }
            | Self::Script { .. }
            | Self::NeverFinished { .. } => Course::Final,
        }
    }

    /// Returns whether the next attempt can continue the files of the turn: they were not the reason of the failure.
    pub fn leaves_usable_files(&self) -> bool {
        match self {
            Self::UnfitFiles { .. } | Self::Tampered { .. } | Self::Secret { .. } => false,
            Self::Quota { .. }
            | Self::QuotaUnknown { .. }
            | Self::RateLimited { .. }
            | Self::Auth { .. }
            | Self::Billing { .. }
            | Self::UnknownModel { .. }
            | Self::Overloaded { .. }
            | Self::Network { .. }
            | Self::SessionLost { .. }
            | Self::Denied { .. }
            | Self::Vacuous { .. }
            | Self::Spawn { .. }
            | Self::Exit { .. }
            | Self::Timeout { .. }
            | Self::Hang { .. }
            | Self::Killed { .. }
            | Self::Malformed { .. }
            | Self::Script { .. }
            | Self::NeverFinished { .. } => true,
        }
    }

    /// Applies a function to every text that comes from an agent or a service.
    #[must_use]
    pub fn with_texts(mut self, change: &mut impl FnMut(String) -> String) -> Self {
        match &mut self {
            Self::Quota { detail, .. }
            | Self::QuotaUnknown { detail, .. }
            | Self::RateLimited { detail, .. }
            | Self::Auth { detail }
            | Self::Billing { detail }
            | Self::UnknownModel { detail }
            | Self::Overloaded { detail }
            | Self::Network { detail }
            | Self::SessionLost { detail }
            | Self::Denied { detail }
            | Self::Vacuous { detail }
            | Self::Spawn { detail }
            | Self::Exit { detail, .. }
            | Self::Script { detail }
            | Self::UnfitFiles { why: detail }
            | Self::Tampered { what: detail } => *detail = change(mem::take(detail)),
            Self::Malformed { complaints } => {
                *complaints = mem::take(complaints).into_iter().map(change).collect();
            }
            Self::Timeout { .. }
            | Self::Hang { .. }
            | Self::Killed { .. }
            | Self::Secret { .. }
            | Self::NeverFinished { .. } => {}
        }
        self
    }

    /// Rounds the instant in the failure up to a whole second, for messages and records.
    #[must_use]
    pub fn at_a_whole_second(mut self) -> Self {
        if let Self::Quota { resets_at: at, .. }
        | Self::QuotaUnknown { retry_at: at, .. }
        | Self::RateLimited { retry_at: Some(at), .. } = &mut self
        {
            *at = instant::whole_second(*at);
        }
        self
    }
}

/// The classes of failures that lead to different decisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    Quota {
        resets_at: Timestamp,
    },
    QuotaUnknown {
        retry_at: Timestamp,
    },
    RateLimited {
        retry_at: Option<Timestamp>,
    },
    /// The service failed temporarily.
    ServicePasses,
    /// The turn failed for a reason that may not recur.
    Passes,
    UnknownModel,
    SessionLost,
    Secret,
    /// Another attempt would fail in the same way, or take its whole time again.
    Final,
}

/// Names the place of a time limit.
fn allows_more(limit: Option<&LimitPlace>) -> String {
    limit.map_or_else(String::new, |limit| format!(" ({limit} allows more)"))
}

/// Returns a text after a colon, unless it is empty.
fn colon(detail: &str) -> String {
    if detail.is_empty() { String::new() } else { format!(": {detail}") }
}
