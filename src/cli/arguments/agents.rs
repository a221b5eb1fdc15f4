//! Flags about how agents are met: how long they may take, how often they are asked, what they may do.

use std::num::NonZeroU64;

use clap::{Args, ValueEnum};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::Value;

use super::numbers::whole;

/// Flags about how agents are met.
#[derive(Debug, Default, Args)]
pub struct AgentArguments {
    /// How long a turn may take [default: 3600]
    #[arg(long, value_name = "SECONDS", value_parser = whole::<NonZeroU64>, allow_negative_numbers = true)]
    pub agent_timeout_seconds: Option<NonZeroU64>,
    /// How long an agent may write nothing and compute nothing [default: 900]
    #[arg(long, value_name = "SECONDS", value_parser = whole::<NonZeroU64>, allow_negative_numbers = true)]
    pub agent_idle_seconds: Option<NonZeroU64>,
    /// How often a turn is asked for again after a failure that may pass [default: 2]
    #[arg(long, value_name = "N", value_parser = whole::<u32>, allow_negative_numbers = true)]
    pub agent_max_retries: Option<u32>,
    /// How long is waited before each of them [default: 15 45]
    #[arg(long, value_name = "SECONDS", num_args = 1.., value_parser = whole::<u32>, allow_negative_numbers = true)]
    pub agent_retry_backoff_seconds: Vec<u32>,
    /// When an allowance is used up: end the run, to be resumed later, or wait in it [default: exit]
    #[arg(long, value_name = "WHAT")]
    pub on_quota: Option<QuotaChoice>,
    /// Whether reviewers begin anew each round, or go on with their sessions [default: fresh]
    #[arg(long, value_name = "HOW")]
    pub review_session: Option<SessionChoice>,
    /// Allow two agents to work in one directory of yours, one after the other
    #[arg(long)]
    pub allow_shared_dir: bool,
    /// Let agents do whatever they like on this machine, without asking and without a sandbox
    #[arg(long)]
    pub dangerous_agent_permissions: bool,
}

/// When an allowance is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum QuotaChoice {
    /// The run is parked.
    Exit,
    /// The run waits.
    Wait,
}

/// Whether a reviewer goes on with its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SessionChoice {
    /// Each round begins anew.
    Fresh,
    /// A round goes on where the one before ended.
    Resume,
}

impl AgentArguments {
    /// The settings that these flags say, by the dotted path of their key.
    pub fn settings(&self) -> Vec<(String, Value)> {
        let seconds = |value: Option<NonZeroU64>| value.and_then(|value| i64::try_from(value.get()).ok());
        let backoff: Vec<Value> = self.agent_retry_backoff_seconds.iter().copied().map(Value::from).collect();
        let given = [
            ("review.agent_timeout_seconds", seconds(self.agent_timeout_seconds).map(Value::from)),
            ("turns.idle_seconds", seconds(self.agent_idle_seconds).map(Value::from)),
            ("turns.max_retries", self.agent_max_retries.map(Value::from)),
            ("turns.retry_backoff_seconds", (!backoff.is_empty()).then_some(Value::Array(backoff))),
            ("turns.on_quota", word(self.on_quota)),
            ("review.session", word(self.review_session)),
            ("turns.allow_shared_dir", self.allow_shared_dir.then_some(Value::from(true))),
            ("turns.dangerous_permissions", self.dangerous_agent_permissions.then_some(Value::from(true))),
        ];
        given.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
    }
}

/// The word that a person types for a choice.
pub(in crate::cli) fn word<T: ValueEnum>(choice: Option<T>) -> Option<Value> {
    let word = choice?.to_possible_value()?.get_name().to_owned();
    Some(Value::String(word))
}
