//! The end of a story: the facts that must be the same however often the story was interrupted.

use agent_loop::engine::outcome::Outcome;

use crate::world::MemoryWorld;

/// The end of a story, leaving aside times, run ids, usage, commits and salvage.
#[derive(Debug, PartialEq)]
pub(super) struct End {
    status: &'static str,
    reason: Option<&'static str>,
    rounds: u32,
    votes: Vec<String>,
    branches: Vec<String>,
    states: Vec<String>,
}

impl End {
    pub(super) fn of(world: &MemoryWorld, outcome: &Outcome) -> Self {
        Self {
            status: outcome.ending.status(),
            reason: outcome.ending.reason(),
            rounds: outcome.view.rounds,
            votes: outcome
                .view
                .votes
                .iter()
                .map(|vote| format!("{} {}", vote.agent, vote.state.name()))
                .collect(),
            branches: world.branches().iter().map(|branch| format!("{branch:?}")).collect(),
            states: world.states().iter().map(|state| format!("{state:?}")).collect(),
        }
    }
}

/// Checks that the same command has the same outcome and does nothing.
pub(super) fn is_settled(summaries: &[String]) -> bool {
    let settled = ["approved", "merged", "planned", "decomposed"].map(|status| format!("concluded {status}"));
    summaries.last().is_some_and(|last| settled.iter().any(|words| last.contains(words)))
}

/// Returns whether a story is at its last record, so that a later command would open another run.
pub(super) fn has_ended_for_good(summaries: &[String], whole: &[String]) -> bool {
    summaries.last() == whole.last() && !is_settled(whole)
}
