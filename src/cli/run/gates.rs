//! Determines from the settings the gates that this machine measures, and the gates that a run requires.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crate::adapters::gates::GATES;
use crate::adapters::gates::command::{UserCommand, split};
use crate::adapters::gates::score::policy_files::ENGINES_WITHOUT_PROJECT_CODE;
use crate::adapters::gates::score::project_code::ProjectCode;
use crate::adapters::gates::score::scorer::{self, Scorer};
use crate::adapters::gates::score::settings::ScoreSettings;
use crate::adapters::gates::settings::{GateCommand, MeasuredGates};
use crate::adapters::gates::tamper::settings::TamperSettings;
use crate::adapters::process::search::{FoundProgram, look_for};
use crate::adapters::process::variables::Variables;
use crate::cli::config::gates_section::{
    CommandSection, GatesSettings, RunProjectCode, ScoreMode, ScoreSection,
};
use crate::cli::config::merged::Configuration;
use crate::cli::nearest::nearest;
use crate::cli::repository::expected::ExpectedProgram;
use crate::cli::repository::site::Site;
use crate::domain::gate_plan::{GateChoice, NotRun};
use crate::domain::ids::GateName;
use crate::domain::quality::verdict::{Allowance, ScorePolicy, UnscoreablePolicy};
use crate::domain::subject::Subject;
use crate::domain::tamper::policy::Consequence;
use crate::engine::outcome::RunError;

/// The engines of aislop that must measure both trees.
const ENGINES: [&str; 4] = ["lint", "code-quality", "ai-slop", "security"];

/// Returns the gates that this machine measures.
pub fn gates(gates: &GatesSettings, variables: &Variables, cache: &Path) -> Result<MeasuredGates, RunError> {
    if let Some(name) = gates.off.iter().find(|name| PERMANENT.contains(&name.as_str())) {
        return Err(RunError::usage(format!("`gates.off`: `{name}` cannot be turned off")));
    }
    let mut commands = commands(gates)?;
    commands.retain(|gate, _| !is_off(gate, gates));
    for (name, gate) in &commands {
        must_be_there(&UserCommand::of(name), &gate.command, variables)?;
    }
    let score = score(gates, variables, &cache.join("scores"))?;
    let tamper = tamper(gates);
    Ok(MeasuredGates { commands, passed: Some(cache.join("passed")), score, tamper })
}

/// Refuses a name in `gates.off` that no gate has. An open run of another machine may require a gate that is not configured here:
/// on an issue or a pull request, an unlike name is only a warning.
pub fn misnamed(gates: &GatesSettings, subject: &Subject) -> Result<Option<String>, RunError> {
    let own = [GateName::tests(), GateName::score(), GateName::tamper()].map(|gate| gate.to_string());
    let known: Vec<&str> = own.iter().chain(gates.command.keys()).map(String::as_str).collect();
    let is_unknown = |name: &&String| !known.contains(&name.as_str()) && !PERMANENT.contains(&name.as_str());
    let Some(name) = gates.off.iter().find(is_unknown) else { return Ok(None) };
    let near = nearest(name, known.iter().copied());
    let hint = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    let why = format!(
        "`gates.off` (--no-gate): there is no gate `{name}`; the gates are {}{hint}",
        known.join(", ")
    );
    match subject {
        Subject::Issue(_) | Subject::PullRequest(_) if near.is_none() => Ok(Some(why)),
        Subject::Issue(_) | Subject::PullRequest(_) | Subject::Task(_) => Err(RunError::usage(why)),
    }
}

/// What no setting turns off: the forge's checks, the merge, and the setup command, which is no gate.
const PERMANENT: [&str; 3] = ["ci", "merge", "setup"];

/// The names of gates that are no commands of the user.
const RESERVED: [&str; 6] = ["tests", "setup", "score", "tamper", "ci", "merge"];

fn commands(gates: &GatesSettings) -> Result<BTreeMap<GateName, GateCommand>, RunError> {
    let tests = &gates.tests;
    let deadline = Duration::from_secs(tests.timeout_seconds.get());
    let of_tests = |command| GateCommand { command, deadline, flaky: tests.flaky };
    let mut commands = BTreeMap::new();
    commands.extend(tests.command.clone().map(|command| (GateName::tests(), of_tests(command))));
    commands.extend(tests.setup.clone().map(|command| (GateName::setup(), of_tests(command))));
    for (name, section) in &gates.command {
        if RESERVED.contains(&name.as_str()) {
            return Err(RunError::usage(format!(
                "`gates.command.{name}`: the name is reserved; choose another"
            )));
        }
        let gate =
            name.parse().map_err(|error| RunError::usage(format!("`gates.command.{name}`: {error}")))?;
        let CommandSection { command, flaky, .. } = section.clone();
        let deadline = Duration::from_secs(section.timeout_seconds.get());
        commands.insert(gate, GateCommand { command, deadline, flaky });
    }
    Ok(commands)
}

/// The sources of settings that are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sources {
    /// The flags of this command.
    CommandLine,
    All,
}

/// Returns what settings decide about gates. A gate that an open run requires is dropped only by a flag that turns
/// it off.
pub fn choices(
    configuration: &Configuration,
    measured: &MeasuredGates,
    sources: Sources,
) -> BTreeMap<GateName, GateChoice> {
    let is_set = |key: &str| match sources {
        Sources::CommandLine => configuration.is_asked(key),
        Sources::All => configuration.is_set(key),
    };
    let by_default = |name: &GateName| sources == Sources::All && *name != GateName::tests();
    let gates = &configuration.settings.gates;
    let mut choices = BTreeMap::new();
    if sources == Sources::All && measured.score.is_none() {
        choices.insert(GateName::score(), GateChoice::Off(NotRun::NoScorer));
    }
    if sources == Sources::All && measured.tests().is_none() {
        choices.insert(GateName::tests(), GateChoice::Off(NotRun::NoTestCommand));
    }
    for gate in GATES {
        let name = (gate.name)();
        if measured.has(&name) && (is_set(gate.setting) || by_default(&name)) {
            choices.insert(name, GateChoice::REQUIRED);
        }
    }
    let commands = gates.command.iter().filter(|_| sources == Sources::All);
    let parsed = commands.filter_map(|(name, section)| Some((name.parse().ok()?, section.plan())));
    choices.extend(parsed.map(|(name, plan)| (name, GateChoice::On(plan))));
    let off = turned_off(gates).into_iter().filter(|(_, setting)| is_set(setting));
    choices.extend(off.map(|(gate, _)| (gate, GateChoice::Off(NotRun::TurnedOff))));
    choices
}

/// Returns the gates that the settings turn off, each with the setting that does so.
fn turned_off(gates: &GatesSettings) -> Vec<(GateName, &'static str)> {
    let rows = [
        (GateName::score(), "gates.score.mode", gates.score.mode == ScoreMode::Off),
        (GateName::tamper(), "gates.tamper.strictest", gates.tamper.strictest == Consequence::Off),
    ];
    let own = rows.into_iter().filter(|(_, _, is_off)| *is_off).map(|(gate, setting, _)| (gate, setting));
    let named = gates.off.iter().filter_map(|name| Some((name.parse().ok()?, "gates.off")));
    own.chain(named).collect()
}

fn is_off(gate: &GateName, gates: &GatesSettings) -> bool {
    turned_off(gates).iter().any(|(off, _)| off == gate)
}

/// Returns the settings of the tamper gate, unless it is turned off.
fn tamper(gates: &GatesSettings) -> Option<TamperSettings> {
    let tamper = TamperSettings { policy: gates.tamper.clone(), scope: gates.scope.clone() };
    (!is_off(&GateName::tamper(), gates)).then_some(tamper)
}

/// Rejects a program that is not on this machine before the coder's first turn. One with a relative path is in the repository.
fn must_be_there(which: &UserCommand, command: &str, variables: &Variables) -> Result<(), RunError> {
    let words = split(command, which).map_err(RunError::usage)?;
    let program = words.first().map_or("", String::as_str);
    if is_in_repository(program) || matches!(look_for(program, variables), FoundProgram::There(_)) {
        return Ok(());
    }
    let missing = if program.starts_with('/') {
        "is not an executable file"
    } else {
        "was not found in the absolute folders of PATH"
    };
    let message = format!(
        "the {which} command `{command}` cannot be run: `{program}` {missing}; install it, or set another command: {}",
        which.set_by("COMMAND")
    );
    Err(RunError::usage(message).with_next(format!("agent-loop config explain {}", which.setting())))
}

fn is_in_repository(program: &str) -> bool {
    program.contains('/') && !program.starts_with('/')
}

/// Returns the programs that commands expect in the repository. A setup command may create any of them.
pub fn expected_in_repository(measured: &MeasuredGates) -> Vec<ExpectedProgram> {
    if measured.commands.contains_key(&GateName::setup()) {
        return Vec::new();
    }
    let expected = measured.commands.iter().filter_map(|(name, gate)| {
        let command = UserCommand::of(name);
        let program = split(&gate.command, &command).ok()?.into_iter().next()?;
        let path = is_in_repository(&program).then(|| program.trim_start_matches("./").to_owned())?;
        Some(ExpectedProgram { command, path })
    });
    expected.collect()
}

/// Returns the settings of the score gate; `None` if it is off, or there is no scorer and none is required.
pub fn score(
    gates: &GatesSettings,
    variables: &Variables,
    cache: &Path,
) -> Result<Option<ScoreSettings>, RunError> {
    let (section, project_code) = (&gates.score, project_code(gates));
    let found = || match &section.command {
        Some(command) => scorer::generic(command, variables),
        None => scorer::aislop(section.aislop_command.as_deref(), variables),
    };
    if is_off(&GateName::score(), gates) {
        return Ok(None);
    }
    let scorer = match (section.mode, found) {
        (ScoreMode::Off, _) => return Ok(None),
        (ScoreMode::Auto, found) if !section.names_a_scorer() => found().ok(),
        (ScoreMode::Auto | ScoreMode::Required, found) => Some(found().map_err(|why| {
            RunError::usage(format!(
                "the score gate has no scorer: {why}; install aislop (`npm install --global aislop`), name it with \
                 --aislop-cmd, or pass --gate off"
            ))
        })?),
    };
    let settings = |scorer: Scorer| ScoreSettings {
        policy: policy(section, project_code),
        project_code,
        deadline: Duration::from_secs(section.timeout_seconds.get()),
        cache: cache.to_owned(),
        scorer,
    };
    Ok(scorer.map(settings))
}

/// Returns the settings of gates for a forge: code of a fork is not run unless that is asked for.
pub fn of_site(gates: &GatesSettings, site: &Site) -> GatesSettings {
    let run_project_code = match gates.run_project_code {
        RunProjectCode::Auto if site.is_for_fork() => RunProjectCode::Never,
        chosen @ (RunProjectCode::Auto | RunProjectCode::Always | RunProjectCode::Never) => chosen,
    };
    GatesSettings { run_project_code, ..gates.clone() }
}

/// Returns whether engines may run code of the project. A scorer of the user's own has no engines that can be turned off.
fn project_code(gates: &GatesSettings) -> ProjectCode {
    match gates.run_project_code {
        RunProjectCode::Never if gates.score.command.is_none() => ProjectCode::Never,
        RunProjectCode::Never | RunProjectCode::Auto | RunProjectCode::Always => ProjectCode::Allowed,
    }
}

fn policy(section: &ScoreSection, project_code: ProjectCode) -> ScorePolicy {
    let runs = |engine: &&str| match project_code {
        ProjectCode::Allowed => true,
        ProjectCode::Never => ENGINES_WITHOUT_PROJECT_CODE.contains(engine),
    };
    let engines =
        || ENGINES.iter().filter(|engine| runs(engine)).map(|engine| (*engine).to_owned()).collect();
    let allowed = |is_allowed| if is_allowed { Allowance::Allowed } else { Allowance::Refused };
    ScorePolicy {
        min_score: section.min_score,
        max_drop: section.max_drop,
        new_errors: allowed(!section.no_new_errors),
        max_new_warnings: section.max_new_warnings,
        max_new_suppressions: section.max_new_suppressions,
        engine_limits: section
            .engines
            .iter()
            .filter_map(|(engine, limits)| Some((engine.clone(), limits.max_new?)))
            .collect(),
        required_engines: match (&section.required_engines, &section.command) {
            (Some(named), _) => named.iter().filter(|engine| runs(&engine.as_str())).cloned().collect(),
            (None, Some(_)) => Vec::new(),
            (None, None) => engines(),
        },
        unscoreable: match (section.allow_unscoreable, section.mode) {
            (true, _) => UnscoreablePolicy::Any,
            // Nobody asked for the score of this repository.
            (false, ScoreMode::Auto) if !section.names_a_scorer() => UnscoreablePolicy::Both,
            (false, ScoreMode::Auto | ScoreMode::Required | ScoreMode::Off) => UnscoreablePolicy::Neither,
        },
        incomplete: allowed(section.allow_incomplete),
    }
}
