//! Flags as settings: the layer that wins over all others.

use std::num::{NonZeroU32, NonZeroU64};

use toml::Value;

use crate::cli::arguments::agents::word;
use crate::cli::arguments::run::RunArguments;
use crate::domain::agent::AgentName;

/// The settings that flags say, by the dotted path of their key. A flag that was not given says nothing.
pub fn settings(arguments: &RunArguments, clarifications: Option<u32>) -> Vec<(String, Value)> {
    let agent = |name: &AgentName| Value::String(name.to_string());
    let reviewers: Vec<Value> = arguments.reviewer.iter().map(agent).collect();
    let models: Vec<Value> = arguments.repair_model.iter().cloned().map(Value::String).collect();
    let seconds =
        |value: Option<NonZeroU64>| value.and_then(|value| i64::try_from(value.get()).ok()).map(Value::from);
    let parallel = match (arguments.parallel_reviewers, arguments.no_parallel_reviewers) {
        (_, true) => Some(false),
        (true, false) => Some(true),
        (false, false) => None,
    };
    let path = arguments.log_dir.as_ref().map(|path| path.to_string_lossy().into_owned());
    let memory = arguments.memory.agent_memory_dir.as_ref().map(|path| path.to_string_lossy().into_owned());
    let given = [
        ("roles.coder", arguments.coder.as_ref().map(agent)),
        ("roles.reviewers", (!reviewers.is_empty()).then_some(Value::Array(reviewers))),
        ("review.max_rounds", arguments.max_rounds.map(NonZeroU32::get).map(Value::from)),
        ("review.parallel", parallel.map(Value::from)),
        ("review.on_reviewer_failure", word(arguments.on_reviewer_failure)),
        ("review.approved_followups", word(arguments.approved_followups)),
        ("roles.repair", arguments.repair_backend.as_ref().map(agent)),
        ("repair.models", (!models.is_empty()).then_some(Value::Array(models))),
        ("repair.timeout_seconds", seconds(arguments.repair_timeout_seconds)),
        ("review.auto_merge", arguments.auto_merge.then_some(Value::from(true))),
        ("review.max_clarification_rounds", clarifications.map(Value::from)),
        ("gates.tests.command", arguments.test_command.clone().map(Value::from)),
        ("gates.tests.before_review", arguments.no_pre_review_tests.then_some(Value::from(false))),
        ("gates.tests.timeout_seconds", seconds(arguments.test_timeout_seconds)),
        (
            "gates.ci.timeout_seconds",
            arguments.ci_timeout_seconds.and_then(|value| i64::try_from(value).ok()).map(Value::from),
        ),
        ("gates.ci.poll_interval_seconds", seconds(arguments.ci_poll_interval_seconds)),
        ("forge.kind", word(arguments.forge)),
        ("output.quiet", arguments.telling.quiet.then_some(Value::from(true))),
        ("output.progress_interval_seconds", seconds(arguments.progress_interval_seconds)),
        ("paths.logs", path.map(Value::from)),
        ("agent_memory.enabled", arguments.memory.no_agent_memory.then_some(Value::from(false))),
        ("agent_memory.dir", memory.map(Value::from)),
    ];
    let given = given.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
    given
        .chain(arguments.agents.settings())
        .chain(arguments.budget.settings())
        .chain(arguments.vendors.settings())
        .collect()
}
