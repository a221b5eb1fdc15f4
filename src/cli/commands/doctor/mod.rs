//! `doctor`: checks everything that a run needs and suggests fixes. Changes nothing.

mod agents;
pub mod arguments;
mod gates;
mod github;
mod inspector;
mod join_all;
mod judge;
mod machine;
mod report;
mod repository;
mod settings;

use std::path::Path;

use crate::adapters::clock::SystemClock;
use crate::adapters::process::command::CommandLine;
use crate::adapters::process::environment;
use crate::adapters::process::probe::{Probed, probe};
use crate::adapters::process::supervision::tree;
use crate::adapters::storage::fitness;
use crate::cli::repository::Repository;
use crate::cli::repository::site::ForgeSite;
use crate::cli::run::secrets;
use crate::cli::surroundings::Surroundings;
use crate::cli::view::paint::Paint;
use crate::ports::clock::Clock;
use crate::text::redaction::Redactor;

use agents::Look;
use arguments::DoctorArguments;
use inspector::{Inspector, PATIENCE};
use join_all::join_all;
use machine::Privacy;
use report::{CheckGroup, DoctorCheck, Report};
use repository::ParkedRun;

/// Runs all checks. Returns the text to print and the exit code.
///
/// # Errors
/// Fails when flags contradict each other, or no temporary folder can be created.
pub async fn run(arguments: &DoctorArguments, surroundings: &Surroundings) -> Result<(String, u8), String> {
    let place = tempfile::Builder::new().prefix("agent-loop-doctor-").tempdir().map_err(|error| {
        format!("cannot create a temporary folder: {error}; set TMPDIR to a writable folder")
    })?;
    let report = look(arguments, surroundings, place.path()).await?;
    let exit = report.exit_code();
    let text = if arguments.json {
        format!("{}\n", report.json())
    } else {
        report.words(Paint::of_results(&surroundings.variables))
    };
    Ok((text, exit))
}

async fn look(
    arguments: &DoctorArguments,
    surroundings: &Surroundings,
    place: &Path,
) -> Result<Report, String> {
    let now = SystemClock.now();
    let version = git(surroundings, place, &["version"]).await;
    let works = machine::git(&version);
    let (repository, found) = match &works.fix {
        None => repository::repository(arguments, surroundings).await,
        Some(_) => (None, Vec::new()),
    };
    let read = settings::read(arguments, repository.as_ref(), surroundings).await?;
    let mut groups = vec![program(surroundings)];
    let mut checks = vec![works];
    if checks.iter().all(|check| check.fix.is_none()) {
        checks.push(identity(arguments, surroundings, place).await);
    }
    groups.push(CheckGroup::new("git", checks));
    groups.push(CheckGroup::new("configuration", read.checks));
    let mut checks = found;
    let mut waiting = Vec::new();
    if let Some(repository) = &repository {
        checks.push(repository::forge(repository, &read.configuration, &surroundings.variables));
        let (more, parked) = repository::known(arguments, surroundings, now).await;
        checks.extend(more);
        waiting = parked;
    }
    groups.push(CheckGroup::new("repository", checks));
    let forge = &read.configuration.settings.forge;
    // A named repository on GitHub needs no checkout.
    let here = match repository {
        None => Repository::outside(place, &surroundings.variables).await.ok(),
        found @ Some(_) => found,
    };
    let site = here.and_then(|one| ForgeSite::of(forge, &one, &surroundings.variables).ok());
    if let Some(ForgeSite::Github(address)) = site {
        groups.push(github::checks(&address, &forge.gh_command, surroundings).await);
    }
    let settings = &read.configuration.settings;
    groups.push(gates::checks(settings, surroundings, place).await);
    let eyes = Inspector {
        settings,
        untrusted: &read.untrusted,
        variables: &surroundings.variables,
        folder: place,
        all: arguments.all,
    };
    let looks = agents::looks(settings);
    let seen = join_all(looks.iter().map(|look| eyes.look(look))).await;
    for (look, group) in looks.iter().zip(seen) {
        let Some(mut group) = group else { continue };
        group.checks.extend(more(look, settings, &waiting, now));
        groups.push(group);
    }
    let redactor = Redactor::new(secrets::known(settings, &surroundings.variables).values);
    Ok(Report { groups }.map(|text| redactor.redact(text).text.into_owned()))
}

/// Returns checks of an agent that do not need its program: its models, and runs that wait for its quota.
fn more(
    look: &Look,
    settings: &crate::cli::config::settings::Settings,
    waiting: &[ParkedRun],
    now: jiff::Timestamp,
) -> Vec<DoctorCheck> {
    let known = match look {
        Look::Vendor { known, .. } => known.as_slice(),
        Look::Own(agent) => std::slice::from_ref(agent),
    };
    let models = agents::model_lines(known, settings).into_iter().map(|line| DoctorCheck::ok("model", line));
    let whose = |one: &&ParkedRun| {
        known.iter().any(|agent| one.label.as_ref().is_some_and(|label| *label == agent.name.label))
    };
    models.chain(waiting.iter().filter(whose).map(|one| repository::parked(one, now))).collect()
}

/// Checks agent-loop's own version and folders.
fn program(surroundings: &Surroundings) -> CheckGroup {
    let Surroundings { state, cache, configuration, .. } = surroundings;
    let folder = |name, path: &Path, privacy| machine::folder(name, path, privacy, &fitness::look(path));
    let mut checks = vec![
        DoctorCheck::ok("version", env!("CARGO_PKG_VERSION")),
        folder("state", state, Privacy::Private),
        folder("cache", cache, Privacy::Private),
        folder("settings", configuration, Privacy::Guarded),
        machine::processes(tree::visibility()),
    ];
    checks.extend(machine::session(&surroundings.variables));
    CheckGroup::new("agent-loop", checks)
}

async fn git(surroundings: &Surroundings, place: &Path, arguments: &[&str]) -> Probed {
    let variables = environment::common(&surroundings.variables, &["XDG_CONFIG_HOME".to_owned()]);
    let command = CommandLine::new("git", place, variables).variable("LC_ALL", "C").arguments(arguments);
    let name = format!("git-{}", arguments.last().unwrap_or(&""));
    probe(command, place, &name, PATIENCE).await
}

async fn identity(arguments: &DoctorArguments, surroundings: &Surroundings, place: &Path) -> DoctorCheck {
    let folder = surroundings.folder_or(arguments.repository.dir.as_deref());
    let folder = folder.to_string_lossy();
    let ask = async |key: &str| match git(surroundings, place, &["-C", &folder, "config", "--get", key]).await
    {
        Probed::Answered(answer) if answer.exit.is_success() => Some(answer.stdout),
        Probed::Answered(_) | Probed::TooLong { .. } | Probed::NotStarted(_) => None,
    };
    let (name, email) = (ask("user.name").await, ask("user.email").await);
    machine::identity(name.as_deref(), email.as_deref())
}
