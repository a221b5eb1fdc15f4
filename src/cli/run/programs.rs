//! Which program is behind each agent that a run may name, and what is wrong with a name that has none.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::adapters::agents::program::{CommandAgent, Program, RepairAgent};
use crate::adapters::process::environment::Variables;
use crate::adapters::state::run_file::KnownAgent;
use crate::cli::config::settings::{AgentSettings, Roles, Settings};
use crate::cli::nearest::suggestion;
use crate::domain::agent::{AgentName, Detail, Role};
use crate::domain::ending::Refused;
use crate::domain::ids::Label;
use crate::engine::outcome::Trouble;

/// The agents of these roles.
pub fn named(roles: &Roles) -> Vec<KnownAgent> {
    let coder = roles.coder.iter().map(|name| (Role::Coder, name));
    let reviewers = roles.reviewers.iter().map(|name| (Role::Reviewer, name));
    coder.chain(reviewers).map(|(role, name)| KnownAgent { role, name: name.clone() }).collect()
}

/// The program of each agent that this command names; every one of them must be there.
///
/// # Errors
/// When one of them is not; the text says what is known, and what to type.
pub fn required(
    agents: &[KnownAgent],
    settings: &Settings,
    variables: &Variables,
) -> Result<BTreeMap<(Role, Label), Program>, Trouble> {
    agents.iter().map(|known| Ok((key(known), program(&known.name, settings, variables)?))).collect()
}

/// The programs of agents that earlier commands named, as far as they are still there.
pub fn remembered(
    agents: &[KnownAgent],
    settings: &Settings,
    variables: &Variables,
) -> BTreeMap<(Role, Label), Program> {
    let found =
        agents.iter().filter_map(|known| Some((key(known), program(&known.name, settings, variables).ok()?)));
    found.collect()
}

/// Who puts malformed answers into form.
///
/// # Errors
/// When a program is named for it, and is not there.
pub fn repair(settings: &Settings, variables: &Variables) -> Result<RepairAgent, Trouble> {
    let named = settings.roles.repair.as_ref();
    let program = named.map(|name| program(name, settings, variables)).transpose()?;
    Ok(RepairAgent { program, deadline: Duration::from_secs(settings.repair.timeout_seconds.get()) })
}

/// Who can be asked.
pub fn able(programs: &BTreeMap<(Role, Label), Program>) -> BTreeSet<(Role, Label)> {
    programs.keys().cloned().collect()
}

fn key(known: &KnownAgent) -> (Role, Label) {
    (known.role, known.name.label.clone())
}

fn program(name: &AgentName, settings: &Settings, variables: &Variables) -> Result<Program, Trouble> {
    match (name.backend.detail(), name.path().map(Path::new), &name.detail) {
        (Detail::Script, Some(path), _) => file(name, path).map(Program::ScriptFile),
        (Detail::Program, Some(path), _) => {
            let program = file(name, path)?;
            let (arguments, variables) = (Vec::new(), Vec::new());
            Ok(Program::Command(CommandAgent { program, arguments, variables, deadline: None }))
        }
        (Detail::Program, None, Some(configured)) => {
            let agent = settings.agents.get(configured).ok_or_else(|| unknown(name, configured, settings))?;
            configured_agent(name, configured, agent, variables).map(Program::Command)
        }
        (Detail::Nothing | Detail::Program | Detail::Script, _, _) => {
            let message = format!(
                "the backend `{}` is not there yet; use `{}=command:PATH` (any program) or `{1}=scripted:FILE`",
                name.backend, name.label
            );
            Err(Trouble::refused(Refused::Unsupported, message))
        }
    }
}

fn file(name: &AgentName, path: &Path) -> Result<PathBuf, Trouble> {
    if path.is_file() {
        return Ok(path.to_owned());
    }
    let message = format!("`{name}` names {}, and there is no such file", path.display());
    Err(Trouble::refused(Refused::Usage, message))
}

fn unknown(name: &AgentName, configured: &str, settings: &Settings) -> Trouble {
    let known: Vec<&str> = settings.agents.keys().map(String::as_str).collect();
    let hint = suggestion(configured, known.iter().copied());
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    let message = format!(
        "`{name}` names an agent of the configuration, and there is no [agents.{configured}] (known: {known}){hint}; \
         for a program in this folder write `command:./{configured}`"
    );
    Trouble::refused(Refused::Usage, message)
}

fn configured_agent(
    name: &AgentName,
    configured: &str,
    agent: &AgentSettings,
    variables: &Variables,
) -> Result<CommandAgent, Trouble> {
    let config = |why: String| Trouble::refused(Refused::Config, why);
    let cmd = agent.cmd.as_ref().ok_or_else(|| {
        config(format!(
            "[agents.{configured}] says no `cmd`, so `{name}` can't be started; name its program there"
        ))
    })?;
    if let Some(wrong) = agent.env.iter().find(|variable| !is_variable_name(variable)) {
        let shown = wrong.split('=').next().unwrap_or_default();
        return Err(config(format!(
            "agents.{configured}.env holds names of variables, never values; `{shown}…` is no name"
        )));
    }
    let program =
        if cmd.contains('/') { PathBuf::from(cmd) } else { on_path(cmd, variables).unwrap_or_default() };
    if !program.is_file() {
        let place = if cmd.contains('/') { "there is no such file" } else { "it is not in PATH" };
        return Err(config(format!("agents.{configured}.cmd names `{cmd}`, and {place}")));
    }
    Ok(CommandAgent {
        program,
        arguments: agent.args.clone(),
        variables: agent.env.clone(),
        deadline: agent.timeout_seconds.map(|seconds| Duration::from_secs(seconds.get())),
    })
}

fn is_variable_name(text: &str) -> bool {
    !text.starts_with(|first: char| first.is_ascii_digit())
        && !text.is_empty()
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

fn on_path(program: &str, variables: &Variables) -> Option<PathBuf> {
    let path = variables.get(std::ffi::OsStr::new("PATH"))?;
    std::env::split_paths(path).map(|folder| folder.join(program)).find(|candidate| candidate.is_file())
}
