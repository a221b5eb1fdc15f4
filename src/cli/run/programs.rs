//! Finds the program of each agent of a run, and rejects an agent without one.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::adapters::agents::command::CommandAgent;
use crate::adapters::agents::driver::vendor_agent::VendorAgent;
use crate::adapters::agents::driver::vendor_cli::ModelChoice;
use crate::adapters::agents::local::{Program, RepairAgent};
use crate::adapters::agents::turn_host::TurnLimit;
use crate::adapters::agents::vendors;
use crate::adapters::process::search::{self, FoundProgram};
use crate::adapters::process::variables::Variables;
use crate::adapters::storage::run_file::KnownAgent;
use crate::cli::config::flags::{AGENT_TIMEOUT, DEBATER_TIMEOUT};
use crate::cli::config::merged::Configuration;
use crate::cli::config::settings::{AgentSettings, DEFAULT_CODER, DEFAULT_REVIEWER, Roles, Settings};
use crate::cli::nearest::suggestion;
use crate::domain::access::Power;
use crate::domain::agent::{AgentName, Backend, Role};
use crate::domain::correction::LimitPlace;
use crate::domain::flow_name::FlowName;
use crate::domain::roster::SeatKey;
use crate::domain::shell;
use crate::domain::vendors::Vendor;
use crate::engine::outcome::RunError;
use crate::flow::names;

use super::remembered::Remembered;
use super::{models, overrides};

/// The agents that the flags of a command name.
#[derive(Debug)]
pub struct AskedAgents {
    pub cast: Cast,
    pub agents: Vec<KnownAgent>,
}

impl AskedAgents {
    /// Returns the agents of these roles in a flow.
    pub fn of(flow: &FlowName, roles: &Roles) -> Self {
        let cast = if *flow == names::DISCUSSION { Cast::Debate } else { Cast::Change };
        Self { cast, agents: cast.named(roles) }
    }
}

/// The kinds of agents that a command needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cast {
    /// A coder and reviewers.
    Change,
    /// The reviewers as debaters, and an analyzer if one is named.
    Debate,
}

impl Cast {
    /// Returns the agents of these roles.
    fn named(self, roles: &Roles) -> Vec<KnownAgent> {
        let (single, names, several) = match self {
            Self::Change => (Role::Coder, [&roles.coder, &roles.implementation_coder], Role::Reviewer),
            Self::Debate => (Role::Analyzer, [&roles.analyzer, &None], Role::Debater),
        };
        let some = names.into_iter().flatten().map(|name| (single, name));
        let others = roles.reviewers.iter().map(|name| (several, name));
        some.chain(others).map(|(role, name)| KnownAgent { role, name: name.clone() }).collect()
    }

    fn usual(self) -> Vec<KnownAgent> {
        let usual = match self {
            Self::Change => vec![(Role::Coder, DEFAULT_CODER), (Role::Reviewer, DEFAULT_REVIEWER)],
            Self::Debate => vec![(Role::Debater, DEFAULT_CODER), (Role::Debater, DEFAULT_REVIEWER)],
        };
        let known = |(role, name): (Role, &str)| Some(KnownAgent { role, name: name.parse().ok()? });
        usual.into_iter().filter_map(known).collect()
    }
}

/// The agents of a run, with the programs that were found.
#[derive(Debug)]
pub struct ResolvedAgents {
    /// One agent for each role and label.
    pub everyone: Vec<KnownAgent>,
    pub programs: BTreeMap<SeatKey, Program>,
    /// The reasons why other agents cannot be used.
    pub missing: BTreeMap<SeatKey, String>,
}

/// Whether an agent's program must exist.
#[derive(Clone, Copy)]
enum Presence {
    Required,
    /// It may be missing: an earlier command named the agent, or it is a default.
    Optional,
}

/// Finds the agents of a command. Whatever about them can be refused is refused here.
pub fn of_command(
    flow: &FlowName,
    configuration: &Configuration,
    earlier: &Remembered,
    variables: &Variables,
) -> Result<(AskedAgents, ResolvedAgents), RunError> {
    let settings = &configuration.settings;
    models::check(settings).map_err(RunError::config)?;
    let asked = AskedAgents::of(flow, &configuration.asked_roles());
    overrides::reviewers(&settings.roles).map_err(RunError::usage)?;
    let agents = resolved(&asked, earlier, settings, variables)?;
    Ok((asked, agents))
}

/// Finds the program of every agent that may be used. An agent that was named for this subject before keeps its program, even
/// if the settings have changed since.
fn resolved(
    asked: &AskedAgents,
    earlier: &Remembered,
    settings: &Settings,
    variables: &Variables,
) -> Result<ResolvedAgents, RunError> {
    let AskedAgents { cast, agents: asked } = asked;
    let (usual, configured) = (cast.usual(), cast.named(&settings.roles));
    let lists = [
        (Presence::Optional, usual.as_slice()),
        (Presence::Optional, earlier.last.agents.as_slice()),
        (Presence::Required, configured.as_slice()),
        (Presence::Optional, earlier.own.agents.as_slice()),
        (Presence::Required, asked),
    ];
    let (mut everyone, mut programs, mut missing) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for (presence, known) in
        lists.into_iter().flat_map(|(presence, list)| list.iter().map(move |known| (presence, known)))
    {
        let key = known.seat();
        match (program(known, settings, variables), presence) {
            (Ok(program), _) => {
                programs.insert(key.clone(), program);
                everyone.insert(key, known.clone());
            }
            (Err(trouble), Presence::Required) => return Err(trouble),
            (Err(trouble), Presence::Optional) => {
                missing.insert(key, trouble.message);
            }
        }
    }
    Ok(ResolvedAgents { everyone: everyone.into_values().collect(), programs, missing })
}

/// Returns the agents of the run, as far as they are known before its record is read: those of this command, else those
/// named on the subject before, else the configured ones, else the defaults.
pub fn seated(asked: &AskedAgents, earlier: &Remembered, settings: &Settings) -> Vec<KnownAgent> {
    let AskedAgents { cast, agents: asked } = asked;
    let (usual, configured) = (cast.usual(), cast.named(&settings.roles));
    let lists = [asked, &earlier.own.agents, &configured, &usual];
    let of = |role: Role| {
        let in_role = |list: &[KnownAgent]| -> Vec<KnownAgent> {
            list.iter().filter(|known| known.role == role).cloned().collect()
        };
        lists.iter().map(|list| in_role(list)).find(|found| !found.is_empty()).unwrap_or_default()
    };
    let (one, others) = match cast {
        Cast::Change => (Role::Coder, Role::Reviewer),
        Cast::Debate => (Role::Analyzer, Role::Debater),
    };
    [of(one).into_iter().take(1).collect(), of(others)].concat()
}

/// Returns the agent that reformats malformed answers.
pub fn repair(settings: &Settings, variables: &Variables) -> Result<RepairAgent, RunError> {
    let named = settings.roles.repair.as_ref();
    let known = named.map(|name| KnownAgent { role: Role::Repair, name: name.clone() });
    let program = known.map(|known| program(&known, settings, variables)).transpose()?;
    let duration = Duration::from_secs(settings.repair.timeout_seconds.get());
    let place = LimitPlace::Setting("repair.timeout_seconds".to_owned());
    Ok(RepairAgent { program, limit: TurnLimit { duration, place } })
}

/// Returns the agents that have a program.
pub fn able(programs: &BTreeMap<SeatKey, Program>) -> BTreeSet<SeatKey> {
    programs.keys().cloned().collect()
}

/// Returns the program behind an agent, set up as for a run.
pub fn program(known: &KnownAgent, settings: &Settings, variables: &Variables) -> Result<Program, RunError> {
    let name = &known.name;
    let detail = name.detail.as_deref().unwrap_or_default();
    match (name.backend, name.path().map(Path::new)) {
        (Backend::Vendor(vendor), _) => {
            vendors_program(known, vendor, settings, variables).map(Program::Vendor)
        }
        (Backend::Scripted, _) => file(name, Path::new(detail)).map(Program::ScriptFile),
        (Backend::Command, Some(path)) => {
            let program = found(&file(name, path)?.to_string_lossy(), variables)
                .map_err(|why| RunError::usage(format!("`{name}` cannot be started: {why}")))?;
            let (arguments, variables) = (Vec::new(), Vec::new());
            let limit = own_limit(known.role, None, settings);
            Ok(Program::Command(CommandAgent { program, arguments, variables, limit }))
        }
        (Backend::Command, None) => {
            let key = Backend::canonical(detail);
            let agent = settings.agents.get(key).ok_or_else(|| unknown(name, detail, settings))?;
            let program = configured_agent(name, detail, agent, variables)?;
            let limit = own_limit(known.role, Some(ConfiguredAgent { key, settings: agent }), settings);
            Ok(Program::Command(CommandAgent { limit, ..program }))
        }
    }
}

/// An agent of the settings.
struct ConfiguredAgent<'settings> {
    key: &'settings str,
    settings: &'settings AgentSettings,
}

/// Returns the time limit of an agent's turns, if it has its own. The limit for debaters holds for each of them.
fn own_limit(role: Role, agent: Option<ConfiguredAgent<'_>>, settings: &Settings) -> Option<TurnLimit> {
    let limit =
        |seconds: NonZeroU64, place| TurnLimit { duration: Duration::from_secs(seconds.get()), place };
    let debater = settings.discuss.debater_timeout_seconds.filter(|_| role == Role::Debater);
    let debater = debater.map(|seconds| limit(seconds, LimitPlace::Flag(format!("--{DEBATER_TIMEOUT}"))));
    debater.or_else(|| {
        let ConfiguredAgent { key, settings } = agent?;
        Some(limit(settings.timeout_seconds?, LimitPlace::Setting(format!("agents.{key}.timeout_seconds"))))
    })
}

/// Returns the time limit of an agent that has none of its own.
pub fn usual_limit(seconds: NonZeroU64) -> TurnLimit {
    let place = LimitPlace::Flag(format!("--{AGENT_TIMEOUT}"));
    TurnLimit { duration: Duration::from_secs(seconds.get()), place }
}

fn vendors_program(
    known: &KnownAgent,
    vendor: Vendor,
    settings: &Settings,
    variables: &Variables,
) -> Result<VendorAgent, RunError> {
    let name = &known.name;
    let cli = vendors::cli(vendor);
    let agent = settings.agents.get(vendor.name()).cloned().unwrap_or_default();
    let special = models::special(&agent, &name.label, known.role);
    let cmd = agent.cmd.as_deref().unwrap_or(cli.profile().program);
    let program = found(cmd, variables).map_err(|place| {
        let message = format!(
            "the {} `{name}` needs the program `{cmd}`: {place}; install it ({}), name its path: --{vendor}-cmd PATH, or name \
             another agent: {} AGENT",
            known.role,
            cli.profile().installation.how,
            flag(known.role),
        );
        RunError::config(message)
    })?;
    check_variables(vendor.name(), &agent.env)?;
    let model = models::chain(name, known.role, settings).map_err(RunError::config)?.into_iter().next();
    match (cli.model_choice(), &model) {
        (ModelChoice::Required { form }, model)
            if model.as_ref().is_none_or(|model| !model.contains('/')) =>
        {
            return Err(RunError::config(format!(
                "`{name}` needs a model, because its own choice may be a service that you did not choose; name one as {form}: \
                 `--{vendor}-model {form}`"
            )));
        }
        (ModelChoice::Required { .. } | ModelChoice::Optional, _) => {}
    }
    let limit =
        own_limit(known.role, Some(ConfiguredAgent { key: vendor.name(), settings: &agent }), settings);
    let power = if settings.turns.dangerous_permissions { Power::Dangerous } else { Power::Bounded };
    Ok(VendorAgent {
        vendor,
        program,
        model,
        effort: special.effort.or(agent.effort),
        arguments: agent.args.into_iter().chain(special.args).collect(),
        variables: agent.env,
        limit,
        power,
    })
}

/// Returns the flag that names the agents of a role.
fn flag(role: Role) -> &'static str {
    match role {
        Role::Coder => "--coder",
        Role::Reviewer | Role::Debater => "--reviewer",
        Role::Analyzer => "--discuss-analyzer",
        Role::Repair => "--repair-backend",
    }
}

/// Finds a program by its path or by its name in `PATH`, or returns the problem.
fn found(cmd: &str, variables: &Variables) -> Result<PathBuf, String> {
    match search::look_for(cmd, variables) {
        FoundProgram::There(found) => Ok(found),
        FoundProgram::NotExecutable(found) => {
            let typed = shell::quoted(&found.to_string_lossy());
            Err(format!("{} is not executable (`chmod +x {typed}`)", found.display()))
        }
        FoundProgram::NoFile(found) => Err(format!("{} is not a file", found.display())),
        FoundProgram::Missing if cmd.contains('/') => Err("there is no such file".to_owned()),
        FoundProgram::Missing => Err("not found on PATH".to_owned()),
    }
}

fn file(name: &AgentName, path: &Path) -> Result<PathBuf, RunError> {
    if path.is_file() {
        return Ok(path.to_owned());
    }
    let message = format!("`{name}` names {}, which does not exist", path.display());
    Err(RunError::usage(message))
}

fn unknown(name: &AgentName, configured: &str, settings: &Settings) -> RunError {
    let known: Vec<&str> = settings.agents.keys().map(String::as_str).collect();
    let hint = suggestion(configured, known.iter().copied());
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    let message = format!(
        "`{name}` names an agent of the configuration, but there is no [agents.{configured}] (known: {known}){hint}; \
         for a program in this folder write `command:./{configured}`"
    );
    RunError::usage(message)
}

fn configured_agent(
    name: &AgentName,
    configured: &str,
    agent: &AgentSettings,
    variables: &Variables,
) -> Result<CommandAgent, RunError> {
    let cmd = agent.cmd.as_ref().ok_or_else(|| {
        RunError::config(format!(
            "[agents.{configured}] has no `cmd`, so `{name}` cannot be started; set it there"
        ))
    })?;
    check_variables(configured, &agent.env)?;
    let program = found(cmd, variables)
        .map_err(|place| RunError::config(format!("agents.{configured}.cmd names `{cmd}`: {place}")))?;
    Ok(CommandAgent { program, arguments: agent.args.clone(), variables: agent.env.clone(), limit: None })
}

fn check_variables(configured: &str, names: &[String]) -> Result<(), RunError> {
    let Some(wrong) = names.iter().find(|variable| !is_variable_name(variable)) else { return Ok(()) };
    let shown = wrong.split('=').next().unwrap_or_default();
    let message =
        format!("agents.{configured}.env holds names of variables, never values; `{shown}…` is no name");
    Err(RunError::config(message))
}

fn is_variable_name(text: &str) -> bool {
    !text.starts_with(|first: char| first.is_ascii_digit())
        && !text.is_empty()
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}
