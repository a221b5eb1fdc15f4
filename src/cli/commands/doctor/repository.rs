//! Checks of the repository: branch, forge, parked runs.

use jiff::Timestamp;

use crate::adapters::any_forge::AnyForge;
use crate::adapters::embedded_forge::store::{self, Store};
use crate::adapters::github::address::GITHUB;
use crate::adapters::process::variables::Variables;
use crate::adapters::storage::journals;
use crate::cli::config::merged::Configuration;
use crate::cli::config::settings::ForgeChoice;
use crate::cli::repository::Repository;
use crate::cli::repository::open::OpenRepository;
use crate::cli::repository::site::ForgeSite;
use crate::cli::repository::stopped::Parking;
use crate::cli::repository::survey::{self, SubjectState};
use crate::cli::surroundings::Surroundings;
use crate::domain::failure::TurnFailure;
use crate::domain::ids::Label;
use crate::domain::subject::Subject;
use crate::ports::journal::{Entry, Finished};

use super::arguments::DoctorArguments;
use super::inspector::PATIENCE;
use super::report::{DoctorCheck, DoctorVerdict};

/// A run that waits for quota.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ParkedRun {
    pub(super) subject: Subject,
    pub(super) parking: Parking,
    /// The agent without quota, if this machine knows it.
    pub(super) label: Option<Label>,
}

/// Checks the repository. Without one, the other checks still run, unless `-C` names one.
pub(super) async fn repository(
    arguments: &DoctorArguments,
    surroundings: &Surroundings,
) -> (Option<Repository>, Vec<DoctorCheck>) {
    let named = arguments.repository.dir.as_deref();
    let folder = surroundings.folder_or(named);
    let found = Repository::find(&folder, &surroundings.variables).await;
    let repository = match found {
        Ok(repository) => repository,
        Err(unusable) => {
            let outside = named.is_none() && unusable.message.contains("is not in a git repository");
            let verdict = if outside { DoctorVerdict::Warning } else { DoctorVerdict::Error };
            let check =
                DoctorCheck::new(verdict, "place", unusable.message).fix("agent-loop doctor -C REPOSITORY");
            return (None, vec![check]);
        }
    };
    let mut checks = vec![DoctorCheck::ok("place", repository.path.display().to_string())];
    if let Some(branch) = arguments.base.as_ref().or(repository.branch.as_ref()) {
        checks.push(match repository.lacks(branch, &surroundings.variables).await {
            Ok(None) => DoctorCheck::ok("branch", branch.to_string()),
            Ok(Some(missing)) => DoctorCheck::error("branch", missing.why).fix(missing.command),
            Err(why) => DoctorCheck::error("branch", why),
        });
        let unseen = repository.unseen(branch, &[], &surroundings.variables).await.unwrap_or_default();
        checks.extend(unseen.into_iter().map(|what| DoctorCheck::note("clones", what)));
    }
    (Some(repository), checks)
}

/// Returns which forge a run would use.
pub(super) fn forge(
    repository: &Repository,
    configuration: &Configuration,
    variables: &Variables,
) -> DoctorCheck {
    let settings = &configuration.settings.forge;
    let why = match settings.kind {
        ForgeChoice::Local | ForgeChoice::Github => {
            Some(format!("forge.kind = {} ({})", settings.kind.name(), configuration.source("forge.kind")))
        }
        ForgeChoice::Auto => None,
    };
    match ForgeSite::of(settings, repository, variables) {
        Ok(ForgeSite::Github(address)) => {
            let why = why.unwrap_or_else(|| "`origin` is on GitHub".to_owned());
            DoctorCheck::ok("forge", format!("GitHub, {address} on {}, because {why}", address.host))
        }
        Ok(ForgeSite::Embedded) => {
            let note = if Store::exists(&repository.common) { "" } else { "; created when first used" };
            let is_on_github = repository.address().is_some_and(|address| address.host == GITHUB);
            let found = match &repository.origin {
                None => "there is no remote `origin`",
                Some(_) if is_on_github => "it was used here before",
                Some(_) => "`origin` is not on GitHub",
            };
            let why = why.unwrap_or_else(|| found.to_owned());
            DoctorCheck::ok("forge", format!("embedded, because {why}{note}"))
        }
        Err(error) => DoctorCheck::error("forge", error.message),
    }
}

/// Checks the forge, and returns the runs that wait for quota.
pub(super) async fn known(
    arguments: &DoctorArguments,
    surroundings: &Surroundings,
    now: Timestamp,
) -> (Vec<DoctorCheck>, Vec<ParkedRun>) {
    let here = match OpenRepository::find(arguments.repository.dir.as_deref(), surroundings).await {
        Ok(Some(here)) => here,
        Ok(None) => return (Vec::new(), Vec::new()),
        Err(why) => {
            let name = if why.contains(store::FILE) { "embedded forge" } else { "forge" };
            return (vec![DoctorCheck::error(name, why)], Vec::new());
        }
    };
    let all = survey::survey(&here).await;
    let mut checks = match &here.forge {
        AnyForge::Embedded(forge) => {
            vec![DoctorCheck::ok("embedded forge", forge.store().path().display().to_string())]
        }
        // The checks of GitHub report the login.
        AnyForge::Github(_) => Vec::new(),
    };
    checks.extend(mirror(&here).await);
    let mut waiting = Vec::new();
    for known in &all {
        match &known.state {
            SubjectState::Parked(parking) => waiting.push(ParkedRun {
                subject: known.subject.clone(),
                parking: *parking,
                label: whose(&here, &known.subject),
            }),
            SubjectState::Unreadable(why) => {
                checks.push(DoctorCheck::warning("runs", format!("{}: {why}", known.subject)));
            }
            SubjectState::Running(_)
            | SubjectState::Interrupted
            | SubjectState::NeedsHuman(_)
            | SubjectState::Delivered(_)
            | SubjectState::Settled(_) => {}
        }
    }
    checks.extend(waiting.iter().map(|one| parked(one, now)));
    (checks, waiting)
}

/// Reports a damaged mirror.
async fn mirror(here: &OpenRepository) -> Option<DoctorCheck> {
    let path = here.folders.mirror();
    match here.workspace().damage(PATIENCE).await {
        Ok(None) => None,
        Ok(Some(damage)) => {
            let seen = format!("{} is damaged: {damage}", path.display());
            let fix = "start or resume a run: it makes this copy anew, with all saved work";
            Some(DoctorCheck::warning("mirror", seen).fix(fix))
        }
        Err(error) => Some(DoctorCheck::warning("mirror", format!("{}: {error}", path.display()))),
    }
}

/// Returns the agent that last reported used-up quota.
fn whose(here: &OpenRepository, subject: &Subject) -> Option<Label> {
    let entries = journals::read(&here.folders.journal(subject)).ok()?;
    entries.into_iter().rev().find_map(|entry| {
        let Entry::Finished { turn, finished: Finished::Failed { failure, .. }, .. } = entry else {
            return None;
        };
        let is_limited = matches!(
            failure,
            TurnFailure::Quota { .. } | TurnFailure::QuotaUnknown { .. } | TurnFailure::RateLimited { .. }
        );
        is_limited.then_some(turn.label)
    })
}

/// Returns the check for a parked run.
pub(super) fn parked(waiting: &ParkedRun, now: Timestamp) -> DoctorCheck {
    let ParkedRun { subject, parking, label } = waiting;
    let until = parking.until();
    let whose = label.as_ref().map_or_else(String::new, |label| format!(" of `{label}`"));
    let seen = if parking.resets_at <= now {
        format!("{subject} is parked; the quota{whose} was reset at {until}")
    } else {
        format!("{subject} is parked until the quota{whose} resets at {until}")
    };
    DoctorCheck::note("parked", seen).fix(format!("agent-loop resume --due, or: agent-loop resume {subject}"))
}
