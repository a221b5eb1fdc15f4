//! The choice of a debate's terms: from the command, its latest debate and the configuration.

use std::ops::ControlFlow;

use crate::domain::agent::Role;
use crate::domain::debate::DebatePolicy;
use crate::domain::ending::Refused;
use crate::domain::roster::{Seat, Voters};

use super::super::context::FlowContext;
use super::super::run::RunState;
use super::super::step::{Decision, refuse};
use super::super::terms::DebateOverrides;
use super::state::{DebateState, DiscussState};
use super::terms::DebateTerms;

/// Returns the terms: those of the command line, then those of an open debate, else those of the configuration, else those of
/// the latest debate. An agent that this machine cannot start is refused.
pub(super) fn choose(state: &DiscussState, cx: &FlowContext<'_>) -> Decision<DebateTerms> {
    let request = cx.request;
    let debaters = match Voters::try_from(debaters(state, cx)) {
        Ok(debaters) => debaters,
        Err(error) => return refuse(Refused::Usage, error.to_string()),
    };
    let recorded = state.debate.as_ref().map(recorded).unwrap_or_default();
    let is_open = state.run.as_ref().is_some_and(RunState::is_open);
    let of_the_latest = DebateOverrides { stages: None, ..recorded.clone() };
    let fallback = if is_open { recorded } else { request.configured.debate.clone().or(of_the_latest) };
    let overrides = request.asked.debate.clone().or(fallback);
    let usual = DebatePolicy::default();
    let terms = DebateTerms {
        debaters,
        analyzer: overrides.analyzer,
        policy: DebatePolicy {
            max_rounds: overrides.max_rounds.unwrap_or(usual.max_rounds),
            research: overrides.research.unwrap_or(usual.research),
            on_failure: overrides.on_failure.unwrap_or(usual.on_failure),
            stages: overrides.stages.unwrap_or(usual.stages),
        },
    };
    match cx.abilities.absent(terms.seats()) {
        Some(absent) => refuse(Refused::Config, absent),
        None => ControlFlow::Continue(terms),
    }
}

/// Returns the debaters: as for the other terms, but agents that flags have named before come before those of the configuration.
fn debaters(state: &DiscussState, cx: &FlowContext<'_>) -> Vec<Seat> {
    let request = cx.request;
    let recorded: &[Seat] = state.debate.as_ref().map_or(&[], |debate| debate.terms.debaters.seats());
    let is_open = state.run.as_ref().is_some_and(RunState::is_open);
    let is_kept = is_open || request.kept_roles.contains(&Role::Debater);
    let kept = if is_kept { recorded } else { &[] };
    let lists = [request.asked.reviewers.as_slice(), kept, &request.configured.reviewers, recorded];
    let found = lists.into_iter().find(|seats| !seats.is_empty()).map(<[Seat]>::to_vec);
    let seats = found.unwrap_or_else(|| usual(cx)).into_iter();
    seats.map(|seat| request.with_model(Role::Debater, seat)).collect()
}

/// Returns the default coder and the default reviewer, which are of two vendors. An agent that this machine cannot start is left
/// out.
fn usual(cx: &FlowContext<'_>) -> Vec<Seat> {
    let second = cx.request.default_reviewer.clone();
    let first = Seat { model: None, ..cx.request.default_coder.clone() };
    if first.label == second.label || cx.abilities.absent([(Role::Debater, &first)]).is_some() {
        return vec![second];
    }
    match cx.abilities.absent([(Role::Debater, &second)]) {
        Some(_) => vec![first],
        None => vec![first, second],
    }
}

fn recorded(debate: &DebateState) -> DebateOverrides {
    let DebateTerms { analyzer, policy, .. } = &debate.terms;
    DebateOverrides {
        analyzer: analyzer.clone(),
        max_rounds: Some(policy.max_rounds),
        research: Some(policy.research),
        on_failure: Some(policy.on_failure),
        stages: Some(policy.stages),
    }
}
