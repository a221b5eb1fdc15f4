//! The agents of the change that follows a debate: the next command names those that it would not find by itself.

use crate::adapters::process::variables::Variables;
use crate::adapters::storage::run_file::{KnownAgent, RunFile};
use crate::cli::config::load::BaseLayers;
use crate::cli::config::settings::Settings;
use crate::domain::agent::Role;
use crate::engine::outcome::{Outcome, RunError};
use crate::flow::names;
use crate::flow::view::{FollowingCommand, View};

use super::programs::{self, AskedAgents, Cast};
use super::remembered::Remembered;

/// Returns the agents that the change after a debate must be given. A change keeps those of the debate before it.
pub(super) fn agents(
    cast: Cast,
    seated: &[KnownAgent],
    earlier: &Remembered,
    layers: &BaseLayers,
    variables: &Variables,
) -> Result<Vec<KnownAgent>, RunError> {
    match cast {
        Cast::Change => Ok(earlier.own.after_debate.clone()),
        Cast::Debate => {
            let remembered = earlier.layer().map_err(RunError::config)?;
            let unflagged = layers.merged(&[&remembered])?;
            Ok(lacking(seated, earlier, &unflagged.settings, variables))
        }
    }
}

/// Adds the agents to the command that follows a debate.
pub(super) fn named(file: &RunFile, outcome: Outcome) -> Outcome {
    match &file.command {
        Some(command) if command.flow == names::DISCUSSION => {
            let next_command = outcome.view.next_command.map(|next| with_agents(file, next));
            Outcome { view: View { next_command, ..outcome.view }, ..outcome }
        }
        Some(_) | None => outcome,
    }
}

/// Adds the agents to the command of a change.
pub fn with_agents(file: &RunFile, next: FollowingCommand) -> FollowingCommand {
    match next {
        FollowingCommand::Change(issue) => FollowingCommand::Other(file.change_command(issue)),
        other @ (FollowingCommand::Decline | FollowingCommand::Decide | FollowingCommand::Other(_)) => other,
    }
}

/// Returns the agents that a change without flags lacks: those of the last run in the repository, else the debaters.
fn lacking(
    debate: &[KnownAgent],
    earlier: &Remembered,
    settings: &Settings,
    variables: &Variables,
) -> Vec<KnownAgent> {
    let nobody = AskedAgents { cast: Cast::Change, agents: Vec::new() };
    let expected = programs::seated(&nobody, earlier, settings);
    let is_able = |known: &KnownAgent| programs::program(known, settings, variables).is_ok();
    let lacks = |role: Role| !expected.iter().filter(|known| known.role == role).all(is_able);
    let last = |role: Role| -> Vec<KnownAgent> {
        let known = earlier.last.agents.iter().filter(|known| known.role == role && is_able(known));
        known.cloned().collect()
    };
    let debater = |role: Role| {
        let agents = debate.iter().filter(|known| known.role == Role::Debater && is_able(known));
        agents.map(move |known| KnownAgent { role, name: known.name.clone() })
    };
    let mut agents = Vec::new();
    if lacks(Role::Coder) {
        agents.extend(last(Role::Coder).into_iter().chain(debater(Role::Coder)).next());
    }
    if lacks(Role::Reviewer) {
        // A change is reviewed by others than its coder, if there are others.
        let others = debater(Role::Reviewer).skip(1).collect();
        let only = debater(Role::Reviewer).take(1).collect();
        let lists = [last(Role::Reviewer), others, only];
        agents.extend(lists.into_iter().find(|list| !list.is_empty()).unwrap_or_default());
    }
    agents
}
