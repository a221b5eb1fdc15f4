//! The user's own checkouts in which agents work. Two agents may share one only if the user allows it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::adapters::git::ExplicitDirectory;
use crate::adapters::storage::run_file::KnownAgent;
use crate::cli::config::settings::Settings;
use crate::domain::agent::{AgentName, Detail, Role};
use crate::domain::roster::SeatKey;
use crate::engine::outcome::RunError;

use super::models;

/// The user's own checkouts, by the agent that works there.
pub type Directories = BTreeMap<SeatKey, ExplicitDirectory>;

/// Returns the user's checkouts of all agents. Agents of the run may share one only if the user allows it, and never at
/// the same time.
pub fn directories(
    everyone: &[KnownAgent],
    seated: &[KnownAgent],
    settings: &Settings,
) -> Result<Directories, RunError> {
    let mut taken: BTreeMap<PathBuf, Vec<&KnownAgent>> = BTreeMap::new();
    for known in seated {
        if let Some(directory) = directory(&known.name, settings) {
            let path = directory.path.canonicalize().unwrap_or(directory.path);
            taken.entry(path).or_default().push(known);
        }
    }
    for (path, sharing) in taken.iter().filter(|(_, sharing)| sharing.len() > 1) {
        let who: Vec<String> =
            sharing.iter().map(|known| format!("the {} `{}`", known.role, known.name.label)).collect();
        let who = who.join(" and ");
        let of = |role| sharing.iter().filter(|known| known.role == role).count();
        if !settings.turns.allow_shared_dir {
            let message = format!(
                "{who} would work in {}; give each its own directory, or allow them to share it: `--allow-shared-dir`",
                path.display()
            );
            return Err(RunError::usage(message));
        }
        if of(Role::Debater) > 1 && settings.discuss.parallel {
            let message = format!(
                "{who} would work in {} at the same time; give each its own directory, or omit `--discuss-parallel`",
                path.display()
            );
            return Err(RunError::usage(message));
        }
        if of(Role::Reviewer) > 1 && settings.review.parallel {
            let message = format!(
                "{who} would work in {} at the same time; ask one reviewer after the other: `--no-parallel-reviewers`",
                path.display()
            );
            return Err(RunError::usage(message));
        }
    }
    for directory in seated.iter().filter_map(|known| directory(&known.name, settings)) {
        if !directory.path.is_dir() {
            let message = format!("{}: there is no directory {}", directory.flag, directory.path.display());
            return Err(RunError::usage(message));
        }
    }
    refuse_memory_in_user_checkout(seated, settings)?;
    let of = |known: &KnownAgent| Some((known.seat(), directory(&known.name, settings)?));
    Ok(everyone.iter().filter_map(of).collect())
}

/// Refuses an agent memory inside the user's own checkout, where agent-loop writes nothing.
fn refuse_memory_in_user_checkout(seated: &[KnownAgent], settings: &Settings) -> Result<(), RunError> {
    let memory = &settings.agent_memory;
    let Some(inside) = memory.dir.as_ref().filter(|dir| memory.enabled && dir.is_relative()) else {
        return Ok(());
    };
    let coders = seated.iter().filter(|known| known.role == Role::Coder);
    let checkouts = coders.filter_map(|known| Some((known, directory(&known.name, settings)?)));
    match checkouts.into_iter().next() {
        None => Ok(()),
        Some((known, directory)) => {
            let message = format!(
                "agent_memory.dir: `{}` would be in the checkout of the coder `{}`, which is your own ({} {}): agent-loop writes nothing \
                 there; use an absolute path with --agent-memory-dir, or omit the flag to use the cache folder",
                inside.display(),
                known.name.label,
                directory.flag,
                directory.path.display()
            );
            Err(RunError::config(message))
        }
    }
}

fn directory(name: &AgentName, settings: &Settings) -> Option<ExplicitDirectory> {
    let path = models::settings_of(name, settings)?.dir.clone()?;
    let flag = match name.backend.detail() {
        Detail::Nothing => format!("--{}-dir", name.backend),
        Detail::Program | Detail::Script => {
            format!("agents.{}.dir", name.detail.as_deref().unwrap_or_default())
        }
    };
    Some(ExplicitDirectory { path, flag })
}
