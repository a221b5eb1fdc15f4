//! Converts settings to the request for the flow.

use std::collections::BTreeMap;

use crate::adapters::gates::settings::MeasuredGates;
use crate::adapters::storage::run_file::KnownAgent;
use crate::cli::config::flags::{EXECUTION_MODE_KEY, IMPLEMENTATION_CODER_KEY, SPLIT_ISSUES_KEY};
use crate::cli::config::merged::Configuration;
use crate::cli::config::settings::{DEFAULT_CODER, DEFAULT_REVIEWER, DiscussSettings, Roles, Settings};
use crate::domain::agent::{AgentName, Role};
use crate::domain::execution::{DeferredWork, Execution};
use crate::domain::ids::IssueNumber;
use crate::domain::policy::{AfterApproval, TestTiming};
use crate::domain::roster::{Seat, Voters};
use crate::flow::persistence::{Persistence, RepairChain};
use crate::flow::request::{PlanningChoices, Questions, Request, Reviewing};
use crate::flow::retry::RetryPolicy;
use crate::flow::terms::{DebateOverrides, Overrides};

use super::gates::{self, Sources};
use super::models;

/// Returns the request of a run.
pub fn request(
    configuration: &Configuration,
    agents: &[KnownAgent],
    named_before: &[KnownAgent],
    questions: Questions,
    measured: &MeasuredGates,
) -> Result<Request, String> {
    let seat = |name: &str, role| {
        let name = name.parse::<AgentName>().map_err(|error| format!("{error}"))?;
        Ok::<Seat, String>(with_model(&name, role, &configuration.settings))
    };
    let review = &configuration.settings.review;
    let ci = &configuration.settings.gates.ci;
    Ok(Request {
        asked: overrides(configuration, Sources::CommandLine, measured),
        configured: overrides(configuration, Sources::All, measured),
        default_coder: seat(DEFAULT_CODER, Role::Coder)?,
        default_reviewer: seat(DEFAULT_REVIEWER, Role::Reviewer)?,
        kept_roles: named_before.iter().map(|known| known.role).collect(),
        reviewing: if review.parallel { Reviewing::Parallel } else { Reviewing::Sequential },
        debating: if configuration.settings.discuss.parallel {
            Reviewing::Parallel
        } else {
            Reviewing::Sequential
        },
        persistence: Persistence {
            repair: repair_chain(&configuration.settings.repair.models),
            retry: retry(configuration, agents)?,
        },
        sessions: review.session,
        questions,
        planning: planning(configuration),
        budget: configuration.settings.budget.budget(),
        ci_check: ci.check_name.clone(),
        ci_start_seconds: ci.start_seconds,
        ci_timeout_seconds: ci.timeout_seconds,
        ci_poll_seconds: ci.poll_interval_seconds.get(),
    })
}

/// Checks that the named reviewers can review together, before their programs are searched.
pub fn reviewers(roles: &Roles) -> Result<(), String> {
    let seats: Vec<Seat> = roles.reviewers.iter().map(Seat::from).collect();
    if seats.is_empty() {
        return Ok(());
    }
    Voters::try_from(seats).map(drop).map_err(|error| error.to_string())
}

/// Returns the seat of an agent with its first model. A faulty chain is reported by [`retry`].
fn with_model(name: &AgentName, role: Role, settings: &Settings) -> Seat {
    let model = models::chain(name, role, settings).ok().and_then(|chain| chain.into_iter().next());
    Seat { model, ..Seat::from(name) }
}

/// Returns the policy for failed turns, with the models of every agent.
fn retry(configuration: &Configuration, agents: &[KnownAgent]) -> Result<RetryPolicy, String> {
    let turns = &configuration.settings.turns;
    let mut models = BTreeMap::new();
    for known in agents {
        let chain = models::chain(&known.name, known.role, &configuration.settings)?;
        if !chain.is_empty() {
            models.insert(known.seat(), chain);
        }
    }
    Ok(RetryPolicy {
        most: turns.max_retries,
        backoff_seconds: turns.retry_backoff_seconds.clone(),
        on_quota: turns.on_quota,
        models,
    })
}

/// Returns the models of the repair in order; the program's default model if none is configured.
fn repair_chain(models: &[String]) -> RepairChain {
    if models.is_empty() {
        RepairChain::default()
    } else {
        RepairChain { models: models.iter().cloned().map(Some).collect() }
    }
}

/// Returns the choices about a plan. A run that has recorded its own keeps them, unless this command says otherwise.
fn planning(configuration: &Configuration) -> PlanningChoices {
    let Settings { planning, discuss, roles, .. } = &configuration.settings;
    let asked = |key: &str| configuration.is_asked(key);
    let seat = |name: &AgentName| with_model(name, Role::Coder, &configuration.settings);
    let stages = stages(discuss);
    let stage = (planning.split_stage > 0).then_some(IssueNumber(planning.split_stage));
    let coder = roles.implementation_coder.as_ref().map(seat);
    PlanningChoices {
        planner: roles.coder.as_ref().filter(|_| asked("roles.coder")).map(seat),
        mode: asked(EXECUTION_MODE_KEY).then_some(planning.execution_mode),
        stages: asked(SPLIT_ISSUES_KEY).then_some(stages),
        stage,
        coder: coder.clone().filter(|_| asked(IMPLEMENTATION_CODER_KEY)),
        configured: Execution { mode: planning.execution_mode, stages, stage, coder },
    }
}

fn stages(discuss: &DiscussSettings) -> DeferredWork {
    if discuss.materialize_split_issues { DeferredWork::Filed } else { DeferredWork::Listed }
}

fn overrides(configuration: &Configuration, sources: Sources, measured: &MeasuredGates) -> Overrides {
    let settings = &configuration.settings;
    let (review, tests) = (&settings.review, &settings.gates.tests);
    let is_set = |key: &str| match sources {
        Sources::CommandLine => configuration.is_asked(key),
        Sources::All => configuration.is_set(key),
    };
    let timing =
        if tests.before_review { TestTiming::BeforeReviewAndApproval } else { TestTiming::BeforeApproval };
    let after = if review.auto_merge { AfterApproval::Merge } else { AfterApproval::Leave };
    let seat = |name: &AgentName, role| with_model(name, role, settings);
    let reviewers: Vec<Seat> =
        settings.roles.reviewers.iter().map(|name| seat(name, Role::Reviewer)).collect();
    // After an approved plan, the coder of a change is the one that implements it.
    let implements =
        settings.roles.implementation_coder.as_ref().filter(|_| is_set(IMPLEMENTATION_CODER_KEY));
    let coder = implements.or(settings.roles.coder.as_ref().filter(|_| is_set("roles.coder")));
    Overrides {
        coder: coder.map(|name| seat(name, Role::Coder)),
        reviewers: if is_set("roles.reviewers") { reviewers } else { Vec::new() },
        max_rounds: is_set("review.max_rounds").then_some(review.max_rounds.get()),
        gates: gates::choices(configuration, measured, sources),
        test_timing: is_set("gates.tests.before_review").then_some(timing),
        on_reviewer_failure: is_set("review.on_reviewer_failure").then_some(review.on_reviewer_failure),
        after_approval: is_set("review.auto_merge").then_some(after),
        followups: is_set("review.approved_followups").then_some(review.approved_followups),
        debate: DebateOverrides {
            analyzer: settings
                .roles
                .analyzer
                .as_ref()
                .filter(|_| is_set("roles.analyzer"))
                .map(|name| seat(name, Role::Analyzer)),
            max_rounds: is_set("discuss.debate_rounds").then_some(settings.discuss.debate_rounds),
            research: is_set("discuss.research").then_some(settings.discuss.research),
            on_failure: is_set("discuss.on_debater_failure").then_some(settings.discuss.on_debater_failure),
            stages: is_set(SPLIT_ISSUES_KEY).then(|| stages(&settings.discuss)),
        },
    }
}
