//! From settings to what the flow is asked for.

use std::collections::BTreeMap;

use crate::adapters::gates::GATES;
use crate::adapters::storage::run_file::KnownAgent;
use crate::cli::arguments::agents::{QuotaChoice, SessionChoice};
use crate::cli::arguments::run::{ApprovedFollowups, ReviewerFailure};
use crate::cli::config::merged::Configuration;
use crate::cli::config::settings::Settings;
use crate::domain::agent::{AgentName, Role};
use crate::domain::ids::GateName;
use crate::domain::policy::{AfterApproval, Followups, OnReviewerFailure, TestTiming};
use crate::domain::roster::Seat;
use crate::flow::persistence::{Persistence, RepairChain};
use crate::flow::request::{Questions, Request, ReviewSessions, Reviewing};
use crate::flow::retry::{OnQuota, RetryPolicy};
use crate::flow::terms::Overrides;

use super::{models, programs};

/// The request that settings make.
///
/// # Errors
/// When both one model and a chain of models are said of an agent.
pub fn request(
    configuration: &Configuration,
    agents: &[KnownAgent],
    questions: Questions,
) -> Result<Request, String> {
    let seat = |name: &str, role| {
        let name = name.parse::<AgentName>().map_err(|error| format!("{error}"))?;
        Ok::<Seat, String>(with_model(&name, role, &configuration.settings))
    };
    let review = &configuration.settings.review;
    let ci = &configuration.settings.gates.ci;
    Ok(Request {
        asked: overrides(configuration, Said::OnTheCommandLine),
        configured: overrides(configuration, Said::Anywhere),
        default_coder: seat(programs::DEFAULT_CODER, Role::Coder)?,
        default_reviewer: seat(programs::DEFAULT_REVIEWER, Role::Reviewer)?,
        reviewing: if review.parallel { Reviewing::Parallel } else { Reviewing::Sequential },
        persistence: Persistence {
            repair: repair_chain(&configuration.settings.repair.models),
            retry: retry(configuration, agents)?,
        },
        sessions: match review.session {
            SessionChoice::Fresh => ReviewSessions::Fresh,
            SessionChoice::Resume => ReviewSessions::Resume,
        },
        questions,
        budget: configuration.settings.budget.budget(),
        ci_timeout_seconds: ci.timeout_seconds,
        ci_poll_seconds: ci.poll_interval_seconds.get(),
    })
}

fn followups(choice: ApprovedFollowups) -> Followups {
    match choice {
        ApprovedFollowups::Ignore => Followups::Ignore,
        ApprovedFollowups::Summarize => Followups::Summarize,
        ApprovedFollowups::Issue => Followups::Issue,
        ApprovedFollowups::FixAndSummarize => Followups::FixAndSummarize,
        ApprovedFollowups::FixAndIssue => Followups::FixAndIssue,
    }
}

/// A seat, with the model that is asked for first. What is wrong with a chain is said where the chain is read.
fn with_model(name: &AgentName, role: Role, settings: &Settings) -> Seat {
    let model = models::chain(name, role, settings).ok().and_then(|chain| chain.into_iter().next());
    Seat { model, ..Seat::from(name) }
}

/// How failed turns are met, with the models of everyone who may be asked.
fn retry(configuration: &Configuration, agents: &[KnownAgent]) -> Result<RetryPolicy, String> {
    let turns = &configuration.settings.turns;
    let mut models = BTreeMap::new();
    for known in agents {
        let chain = models::chain(&known.name, known.role, &configuration.settings)?;
        if !chain.is_empty() {
            models.insert((known.role, known.name.label.clone()), chain);
        }
    }
    Ok(RetryPolicy {
        most: turns.max_retries,
        backoff_seconds: turns.retry_backoff_seconds.clone(),
        on_quota: match turns.on_quota {
            QuotaChoice::Exit => OnQuota::Exit,
            QuotaChoice::Wait => OnQuota::Wait,
        },
        models,
    })
}

/// One attempt a model; the one that the program takes by itself if none is named.
fn repair_chain(models: &[String]) -> RepairChain {
    if models.is_empty() {
        RepairChain::default()
    } else {
        RepairChain { models: models.iter().cloned().map(Some).collect() }
    }
}

/// Where something must have been said to count.
#[derive(Clone, Copy)]
enum Said {
    OnTheCommandLine,
    Anywhere,
}

fn overrides(configuration: &Configuration, said: Said) -> Overrides {
    let settings = &configuration.settings;
    let (review, tests) = (&settings.review, &settings.gates.tests);
    let is_said = |key: &str| match said {
        Said::OnTheCommandLine => configuration.asked(key, ()).is_some(),
        Said::Anywhere => configuration.said(key, ()).is_some(),
    };
    let timing =
        if tests.before_review { TestTiming::BeforeReviewAndApproval } else { TestTiming::BeforeApproval };
    let on_failure = match review.on_reviewer_failure {
        ReviewerFailure::Stop => OnReviewerFailure::Stop,
        ReviewerFailure::Continue => OnReviewerFailure::Continue,
    };
    let after = if review.auto_merge { AfterApproval::Merge } else { AfterApproval::Leave };
    let seat = |name: &AgentName, role| with_model(name, role, settings);
    let reviewers: Vec<Seat> =
        settings.roles.reviewers.iter().map(|name| seat(name, Role::Reviewer)).collect();
    let required: Vec<GateName> =
        GATES.iter().filter(|gate| is_said(gate.setting)).map(|gate| (gate.name)()).collect();
    Overrides {
        coder: settings
            .roles
            .coder
            .as_ref()
            .filter(|_| is_said("roles.coder"))
            .map(|name| seat(name, Role::Coder)),
        reviewers: if is_said("roles.reviewers") { reviewers } else { Vec::new() },
        max_rounds: is_said("review.max_rounds").then_some(review.max_rounds.get()),
        required_gates: Some(required).filter(|required| !required.is_empty()),
        test_timing: is_said("gates.tests.before_review").then_some(timing),
        on_reviewer_failure: is_said("review.on_reviewer_failure").then_some(on_failure),
        after_approval: is_said("review.auto_merge").then_some(after),
        followups: is_said("review.approved_followups").then_some(followups(review.approved_followups)),
    }
}
