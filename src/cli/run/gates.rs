//! Determines from the settings the gates that this machine measures, and the gates that a run requires.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crate::adapters::gates::GATES;
use crate::adapters::gates::score::scorer::{self, Scorer};
use crate::adapters::gates::score::settings::ScoreSettings;
use crate::adapters::gates::settings::{GateCommand, MeasuredGates};
use crate::adapters::gates::tests::{UserCommand, split};
use crate::adapters::process::search::{FoundProgram, look_for};
use crate::adapters::process::variables::Variables;
use crate::cli::config::gates_section::{ScoreMode, ScoreSection};
use crate::cli::config::merged::Configuration;
use crate::cli::config::settings::Settings;
use crate::domain::ending::Refused;
use crate::domain::ids::GateName;
use crate::domain::quality::verdict::{Allowance, ScorePolicy, UnscoreablePolicy};
use crate::engine::outcome::RunError;

use super::remembered::Remembered;

/// The engines of aislop that must measure both trees.
const ENGINES: [&str; 4] = ["lint", "code-quality", "ai-slop", "security"];

/// Returns the gates that this machine measures. The test command of the last run in the repository is used again.
pub fn gates(
    settings: &Settings,
    earlier: &Remembered,
    variables: &Variables,
    cache: &Path,
) -> Result<MeasuredGates, RunError> {
    let tests = &settings.gates.tests;
    let deadline = Duration::from_secs(tests.timeout_seconds.get());
    let mut commands = BTreeMap::new();
    for (name, which, command) in [
        (GateName::tests(), UserCommand::Test, tests.command.clone().or_else(|| earlier.last_test_command())),
        (GateName::setup(), UserCommand::Setup, tests.setup.clone()),
    ] {
        if let Some(command) = command {
            let words = split(&command, which).map_err(usage)?;
            must_be_there(which, &command, words.first().map_or("", String::as_str), variables)?;
            commands.insert(name, GateCommand { command, deadline });
        }
    }
    let score = score(&settings.gates.score, variables, cache)?;
    Ok(MeasuredGates { commands, flaky: tests.flaky, score })
}

/// Returns the gates that a new run requires, and whether flags of this command decide about them.
pub fn required(configuration: &Configuration, measured: &MeasuredGates) -> RequiredGates {
    let is_required = |name: &GateName, setting| {
        if *name == GateName::score() { measured.score.is_some() } else { configuration.is_set(setting) }
    };
    let rows = GATES.iter().map(|gate| ((gate.name)(), gate.setting));
    RequiredGates {
        names: rows.filter(|(name, setting)| is_required(name, setting)).map(|(name, _)| name).collect(),
        asked: GATES.iter().any(|gate| configuration.is_asked(gate.setting)),
    }
}

/// Returns the gates that a new run requires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequiredGates {
    pub names: Vec<GateName>,
    /// Returns whether flags of this command name a gate: then its gates also replace those of an open run.
    pub asked: bool,
}

fn usage(why: String) -> RunError {
    RunError::refused(Refused::Usage, why)
}

/// Rejects a program that is not on PATH before the coder's first turn. A program with a path may be in the repository.
fn must_be_there(
    which: UserCommand,
    command: &str,
    program: &str,
    variables: &Variables,
) -> Result<(), RunError> {
    if program.contains('/') || matches!(look_for(program, variables), FoundProgram::There(_)) {
        return Ok(());
    }
    Err(usage(format!(
        "the {which} command `{command}` can't be run: `{program}` was not found in the absolute folders of PATH; \
         install it, or name another command with --{which}-command"
    )))
}

fn score(
    section: &ScoreSection,
    variables: &Variables,
    cache: &Path,
) -> Result<Option<ScoreSettings>, RunError> {
    let found = || match &section.command {
        Some(command) => scorer::generic(command, variables),
        None => scorer::aislop(section.aislop_command.as_deref(), variables),
    };
    let scorer = match (section.mode, found) {
        (ScoreMode::Off, _) => return Ok(None),
        (ScoreMode::Auto, found) if !section.names_a_scorer() => found().ok(),
        (ScoreMode::Auto | ScoreMode::Required, found) => Some(found().map_err(|why| {
            usage(format!(
                "the score gate has no scorer: {why}; install aislop (`npm install --global aislop`), name it with \
                 --aislop-cmd, or pass --gate off"
            ))
        })?),
    };
    let settings = |scorer: Scorer| ScoreSettings {
        policy: policy(section),
        deadline: Duration::from_secs(section.timeout_seconds.get()),
        cache: cache.to_owned(),
        scorer,
    };
    Ok(scorer.map(settings))
}

fn policy(section: &ScoreSection) -> ScorePolicy {
    let engines = || ENGINES.map(str::to_owned).to_vec();
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
            (Some(named), _) => named.clone(),
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
