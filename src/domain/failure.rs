//! Why a turn gave no answer. A value: the retry policy and the flow decide what follows.

use std::mem;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::instant;

/// Why a turn failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "class", rename_all = "snake_case", deny_unknown_fields)]
pub enum TurnFailure {
    /// The account's allowance is used up until this instant.
    Quota {
        resets_at: Timestamp,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        detail: String,
    },
    /// The account's allowance is used up, and nobody says until when.
    QuotaUnknown {
        /// When it is asked again: a guess.
        retry_at: Timestamp,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        detail: String,
    },
    /// Too many requests in a short time, and the program's own retries did not help.
    RateLimited {
        /// When it may be asked again, if the service said so.
        retry_at: Option<Timestamp>,
        detail: String,
    },
    /// The program is not logged in, or its login is not accepted.
    Auth { detail: String },
    /// The account has no credit, or its plan does not cover the program.
    Billing { detail: String },
    /// There is no such model, or not for this account.
    UnknownModel { detail: String },
    /// The service is overloaded or broken at this moment.
    Overloaded { detail: String },
    /// The service could not be reached, or the connection broke.
    Network { detail: String },
    /// The session to go on with is not there any more.
    SessionLost { detail: String },
    /// It was not allowed what it needed, and gave no answer.
    Denied {
        /// What it was not allowed.
        detail: String,
    },
    /// It ended as if all were well, without an answer or without the event that ends one.
    Vacuous { detail: String },
    /// The program could not be started.
    Spawn { detail: String },
    /// The program ended with another exit code than 0.
    Exit {
        /// Its exit code, or 128 + the signal that ended it.
        code: i32,
        /// The bounded tail of its stderr.
        detail: String,
    },
    /// The turn's time was over, and its processes were ended.
    Timeout {
        /// How long it was allowed to take, in seconds.
        seconds: u64,
    },
    /// It wrote nothing and computed nothing for too long, and its processes were ended.
    Hang {
        /// How long it was silent, in seconds.
        seconds: u64,
    },
    /// Somebody else ended its process.
    Killed { signal: i32 },
    /// The answer does not follow the protocol.
    Malformed { complaints: Vec<String> },
    /// A reviewer altered what it reviewed; its vote is void.
    Tampered { what: String },
    /// The answer holds a secret, and was thrown away.
    Secret { kinds: Vec<String> },
    /// A script has no turn left, or names something that is not there.
    Script { detail: String },
    /// The turn was started many times and never came to its end.
    NeverFinished {
        /// How often it was started.
        attempts: u32,
    },
}

impl TurnFailure {
    /// The name of the class, for tables and records.
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
            Self::Malformed { .. } => "malformed",
            Self::Tampered { .. } => "tampered",
            Self::Secret { .. } => "secret",
            Self::Script { .. } => "script",
            Self::NeverFinished { .. } => "never-finished",
        }
    }

    /// What may follow the failure.
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
            | Self::Tampered { .. }
            | Self::Script { .. }
            | Self::NeverFinished { .. } => Course::Final,
        }
    }

    /// Whether the agent's service gave out, and not the agent: what it had done until then is good to go on with.
    pub fn is_of_the_service(&self) -> bool {
        match self.course() {
            Course::Quota { .. }
            | Course::QuotaUnknown { .. }
            | Course::RateLimited { .. }
            | Course::ServicePasses => true,
            Course::Passes | Course::UnknownModel | Course::SessionLost | Course::Secret | Course::Final => {
                false
            }
        }
    }

    /// The same failure with every text of somebody else's put through a function.
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

    /// The same, with the instant that it names rounded up to a whole second: people read it, and records keep it.
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

/// What may follow a failed turn, in the classes that decisions tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    /// An allowance is used up until then.
    Quota {
        resets_at: Timestamp,
    },
    /// An allowance is used up, and when it is asked again is a guess.
    QuotaUnknown {
        retry_at: Timestamp,
    },
    /// Too many requests in a short time.
    RateLimited {
        retry_at: Option<Timestamp>,
    },
    /// The service gave out, and may be back soon.
    ServicePasses,
    /// The turn came to nothing, and the next one may not.
    Passes,
    UnknownModel,
    SessionLost,
    /// The answer held a secret.
    Secret,
    /// A further try would end in the same way, or take its whole time again.
    Final,
}

impl std::fmt::Display for TurnFailure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Quota { resets_at, detail } if detail.is_empty() => {
                write!(formatter, "has used up its allowance until {resets_at}")
            }
            Self::Quota { resets_at, detail } => {
                write!(formatter, "has used up its allowance until {resets_at}: {detail}")
            }
            Self::QuotaUnknown { retry_at, detail } => {
                let detail = if detail.is_empty() { String::new() } else { format!(": {detail}") };
                write!(
                    formatter,
                    "has used up its allowance until an unknown time ({retry_at} is a guess){detail}"
                )
            }
            Self::RateLimited { retry_at: Some(instant), detail } => {
                write!(formatter, "was told to wait until {instant}: {detail}")
            }
            Self::RateLimited { retry_at: None, detail } => {
                write!(formatter, "asked too often in a short time: {detail}")
            }
            Self::Auth { detail } => {
                write!(formatter, "could not log in (`agent-loop doctor` says how): {detail}")
            }
            Self::Billing { detail } => write!(formatter, "has no credit or plan for this: {detail}"),
            Self::UnknownModel { detail } => {
                write!(formatter, "does not know or may not use the model: {detail}")
            }
            Self::Overloaded { detail } => {
                write!(formatter, "found its service overloaded or broken: {detail}")
            }
            Self::Network { detail } => write!(formatter, "could not reach its service: {detail}"),
            Self::SessionLost { detail } => write!(formatter, "could not go on with its session: {detail}"),
            Self::Denied { detail } => write!(formatter, "was not allowed what it needed: {detail}"),
            Self::Vacuous { detail } => write!(formatter, "gave no answer: {detail}"),
            Self::Hang { seconds } => {
                write!(formatter, "wrote nothing and computed nothing for {seconds} s and was ended")
            }
            Self::Killed { signal } => write!(formatter, "was ended by somebody else (signal {signal})"),
            Self::Spawn { detail } => write!(formatter, "could not be started: {detail}"),
            Self::Exit { code, detail } if detail.is_empty() => {
                write!(formatter, "ended with exit code {code}")
            }
            Self::Exit { code, detail } => write!(formatter, "ended with exit code {code}: {detail}"),
            Self::Timeout { seconds } => write!(formatter, "took longer than {seconds} s and was ended"),
            Self::Malformed { complaints } => {
                write!(formatter, "gave a malformed answer: {}", complaints.join("; "))
            }
            Self::Tampered { what } => write!(formatter, "altered what it reviewed: {what}"),
            Self::Secret { kinds } => {
                write!(formatter, "said a secret ({}); its answer was thrown away", kinds.join(", "))
            }
            Self::Script { detail } => write!(formatter, "failed: {detail}"),
            Self::NeverFinished { attempts } => {
                write!(formatter, "was started {attempts} times and never came to its end")
            }
        }
    }
}
