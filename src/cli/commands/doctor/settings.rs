//! The settings that a run would have, as far as they can be read: a source that makes no sense is reported and left out.

use crate::cli::config::layer::{Layer, PREFIX, SettingSource};
use crate::cli::config::load::{self, REPOSITORY_FILE, RepositoryFile};
use crate::cli::config::merged::Configuration;
use crate::cli::repository::Repository;
use crate::cli::surroundings::Surroundings;
use crate::cli::view::shell::quoted;
use crate::domain::ids::BranchName;

use super::arguments::DoctorArguments;
use super::report::{DoctorCheck, DoctorVerdict};

/// The settings, and what was found while they were read.
pub(super) struct ReadSettings {
    /// What counts of all that could be read.
    pub(super) configuration: Configuration,
    /// A check for each source.
    pub(super) checks: Vec<DoctorCheck>,
}

/// Reads every source.
pub(super) async fn read(
    arguments: &DoctorArguments,
    repository: Option<&Repository>,
    surroundings: &Surroundings,
) -> Result<ReadSettings, String> {
    let mut checks = Vec::new();
    let mut layers = vec![Layer::defaults()];
    if let Some(repository) = repository {
        let branch = arguments.base.as_ref().or(repository.branch.as_ref());
        let (layer, found) = of_the_repository(repository, branch, surroundings).await;
        layers.extend(layer);
        checks.extend(found);
    }
    let path = load::user_file(surroundings);
    let (layer, check) = match load::user_file_layer(surroundings) {
        Ok(Some(layer)) => (Some(layer), DoctorCheck::ok("your file", path.display().to_string())),
        Ok(None) => {
            let seen = format!("none ({}); `agent-loop config init --user` begins one", path.display());
            (None, DoctorCheck::ok("your file", seen))
        }
        Err(why) => (
            None,
            broken("your file", why, "edit that file; `agent-loop config init --print` shows every key"),
        ),
    };
    layers.extend(layer);
    checks.push(check);
    match Layer::from_variables(&surroundings.variables, &surroundings.folder) {
        Ok(layer) if layer.values.is_empty() => {}
        Ok(layer) => {
            checks
                .push(DoctorCheck::ok("variables", format!("{} settings in {PREFIX}…", layer.values.len())));
            layers.push(layer);
        }
        Err(why) => checks.push(broken("variables", why, "correct or unset that variable")),
    }
    layers.push(Layer::from_values(
        arguments.settings.values.clone(),
        SettingSource::Flag,
        &surroundings.folder,
    )?);
    let (configuration, check) = merge(layers)?;
    checks.extend(check);
    Ok(ReadSettings { configuration, checks })
}

fn broken(name: &'static str, why: String, mend: &str) -> DoctorCheck {
    DoctorCheck::new(DoctorVerdict::Error, name, why).mend(mend)
}

/// Each source made sense alone. If they do not together, the defaults and the flags are looked at.
fn merge(layers: Vec<Layer>) -> Result<(Configuration, Option<DoctorCheck>), String> {
    match Configuration::merge(layers.iter().cloned()) {
        Ok(configuration) => Ok((configuration, None)),
        Err(why) => {
            let check = broken("together", why, "see which source says what: agent-loop config explain");
            let ends = layers
                .into_iter()
                .filter(|layer| matches!(layer.source, SettingSource::Default | SettingSource::Flag));
            Ok((Configuration::merge(ends)?, Some(check)))
        }
    }
}

async fn of_the_repository(
    repository: &Repository,
    branch: Option<&BranchName>,
    surroundings: &Surroundings,
) -> (Option<Layer>, Vec<DoctorCheck>) {
    let Some(branch) = branch else {
        let seen = format!("HEAD is detached, so no branch says which {REPOSITORY_FILE} counts");
        return (
            None,
            vec![
                DoctorCheck::new(DoctorVerdict::Warning, "repository's file", seen)
                    .mend("name a branch with --base"),
            ],
        );
    };
    match load::repository_file(repository, branch, surroundings).await {
        Ok(None) => {
            (None, vec![DoctorCheck::ok("repository's file", format!("no {REPOSITORY_FILE} on {branch}"))])
        }
        Ok(Some(file)) => judged(file, branch, &repository.trust_name()),
        Err(why) => {
            let mend = format!(
                "correct it and commit it on {branch}; `agent-loop config init --print` shows every key"
            );
            (None, vec![broken("repository's file", why, &mend)])
        }
    }
}

/// What a file says that is not trusted does not count here either.
fn judged(file: RepositoryFile, branch: &BranchName, name: &str) -> (Option<Layer>, Vec<DoctorCheck>) {
    let RepositoryFile { text, mut layer, untrusted, warning } = file;
    let mut checks = Vec::new();
    if !untrusted.is_empty() {
        let seen = format!(
            "{REPOSITORY_FILE} on {branch} names programs, places or people ({}), and you have not said that you trust it",
            untrusted.join(", ")
        );
        let mend = format!(
            "read it: git show {branch}:{REPOSITORY_FILE}; then: agent-loop config trust {}",
            quoted(name)
        );
        checks.push(DoctorCheck::new(DoctorVerdict::Error, "repository's file", seen).mend(mend));
        layer.values.retain(|key, _| !untrusted.contains(key));
    } else if !text.is_empty() {
        checks.push(DoctorCheck::ok("repository's file", format!("{REPOSITORY_FILE} on {branch}")));
    }
    checks.extend(warning.map(|warning| {
        DoctorCheck::new(DoctorVerdict::Warning, "repository's file", warning)
            .mend(format!("commit it on {branch}"))
    }));
    (Some(layer), checks)
}
