//! The terms of a debate: its debaters, its analyzer and its rules.

use std::ops::ControlFlow;

use crate::domain::access::Access;
use crate::domain::agent::Role;
use crate::domain::debate::{DebatePolicy, ResearchPolicy};
use crate::domain::ending::Refused;
use crate::domain::roster::{Participant, Roster, Seat};

use super::super::context::FlowContext;
use super::super::run::RunState;
use super::super::step::{Decision, refuse};
use super::super::terms::DebateOverrides;
use super::state::{DebateState, DiscussState};

/// The terms of a debate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DebateTerms {
    /// The reviewers are the debaters.
    pub(super) roster: Roster,
    pub(super) analyzer: Option<Seat>,
    pub(super) policy: DebatePolicy,
}

/// Returns the terms: those of the command line, then those of an open debate, else those of the configuration, else those of
/// the latest debate. An agent that this machine cannot start is refused.
pub(super) fn terms(state: &DiscussState, cx: &FlowContext<'_>) -> Decision<DebateTerms> {
    let request = cx.request;
    let roster = match request.terms(state.run.as_ref()) {
        Ok(terms) => terms.roster,
        Err(error) => return refuse(Refused::Usage, error.to_string()),
    };
    let recorded = state.debate.as_ref().map(recorded).unwrap_or_default();
    let is_open = state.run.as_ref().is_some_and(RunState::is_open);
    let of_the_latest = DebateOverrides { stages: None, ..recorded.clone() };
    let fallback = if is_open { recorded } else { request.configured.debate.clone().or(of_the_latest) };
    let overrides = request.asked.debate.clone().or(fallback);
    let usual = DebatePolicy::default();
    let terms = DebateTerms {
        roster,
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

fn recorded(debate: &DebateState) -> DebateOverrides {
    DebateOverrides {
        analyzer: debate.analyzer.clone(),
        max_rounds: Some(debate.policy.max_rounds),
        research: Some(debate.policy.research),
        on_failure: Some(debate.policy.on_failure),
        stages: Some(debate.policy.stages),
    }
}

/// Returns the access of debaters: web tools only if the debate uses research.
pub(super) fn access(research: ResearchPolicy) -> Access {
    match research {
        ResearchPolicy::Forbidden => Access::Read,
        ResearchPolicy::Required | ResearchPolicy::Optional => Access::ReadAndWeb,
    }
}

impl DebateTerms {
    fn seats(&self) -> impl Iterator<Item = (Role, &Seat)> {
        let debaters = self.roster.reviewers().iter().map(|seat| (Role::Debater, seat));
        debaters.chain(self.analyzer.iter().map(|seat| (Role::Analyzer, seat)))
    }

    /// Returns the debaters and the analyzer with their access.
    pub(super) fn participants(&self) -> Vec<Participant> {
        let participant = |(role, seat): (Role, &Seat)| {
            let access = match role {
                Role::Debater => access(self.policy.research),
                Role::Coder | Role::Reviewer | Role::Analyzer | Role::Repair => Access::Read,
            };
            Participant { role, access, label: seat.label.clone() }
        };
        self.seats().map(participant).collect()
    }
}
