//! From settings to what the flow is asked for.

use crate::cli::arguments::{ApprovedFollowups, ReviewerFailure};
use crate::cli::config::merged::Configuration;
use crate::domain::agent::AgentName;
use crate::domain::ids::GateName;
use crate::domain::policy::{AfterApproval, Followups, OnReviewerFailure, TestTiming};
use crate::domain::roster::Seat;
use crate::flow::question::{Persistence, RepairChain};
use crate::flow::request::{Questions, Request, ReviewSessions, Reviewing, Wishes};
use crate::flow::retry::RetryPolicy;

/// The request that settings make.
///
/// # Errors
/// Never, in truth: the default seats are constants.
pub fn request(configuration: &Configuration, questions: Questions) -> Result<Request, String> {
    let seat = |name: &str| {
        name.parse::<AgentName>().map(|name| Seat::from(&name)).map_err(|error| format!("{error}"))
    };
    let review = &configuration.settings.review;
    let ci = &configuration.settings.gates.ci;
    Ok(Request {
        asked: wishes(configuration, Said::OnTheCommandLine),
        configured: wishes(configuration, Said::Anywhere),
        default_coder: seat("claude")?,
        default_reviewer: seat("codex")?,
        reviewing: if review.parallel { Reviewing::Parallel } else { Reviewing::Sequential },
        persistence: Persistence {
            repair: repair_chain(&configuration.settings.repair.models),
            retry: RetryPolicy::default(),
        },
        sessions: ReviewSessions::Fresh,
        questions,
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

fn wishes(configuration: &Configuration, said: Said) -> Wishes {
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
    let reviewers: Vec<Seat> = settings.roles.reviewers.iter().map(Seat::from).collect();
    Wishes {
        coder: settings.roles.coder.as_ref().filter(|_| is_said("roles.coder")).map(Seat::from),
        reviewers: if is_said("roles.reviewers") { reviewers } else { Vec::new() },
        max_rounds: is_said("review.max_rounds").then_some(review.max_rounds.get()),
        required_gates: is_said("gates.tests.command").then(|| vec![GateName::tests()]),
        test_timing: is_said("gates.tests.before_review").then_some(timing),
        on_reviewer_failure: is_said("review.on_reviewer_failure").then_some(on_failure),
        after_approval: is_said("review.auto_merge").then_some(after),
        followups: is_said("review.approved_followups").then_some(followups(review.approved_followups)),
    }
}
