//! The settings of a run: an invalid source is reported and left out.

use crate::cli::config::layer::{Layer, PREFIX, SettingSource};
use crate::cli::config::load::{self, REPOSITORY_FILE, RepositoryFile};
use crate::cli::config::merged::Configuration;
use crate::cli::repository::Repository;
use crate::cli::surroundings::Surroundings;
use crate::domain::ids::BranchName;

use super::arguments::DoctorArguments;
use super::report::DoctorCheck;

/// The settings, with a check for each source.
pub(super) struct ReadSettings {
    /// The merged settings of all valid sources.
    pub(super) configuration: Configuration,
    pub(super) checks: Vec<DoctorCheck>,
    /// The keys of the repository's file that are left out until a person trusts them.
    pub(super) untrusted: Vec<String>,
}

/// Reads and merges every source.
pub(super) async fn read(
    arguments: &DoctorArguments,
    repository: Option<&Repository>,
    surroundings: &Surroundings,
) -> Result<ReadSettings, String> {
    let mut checks = Vec::new();
    let mut layers = vec![Layer::defaults()];
    let mut untrusted = Vec::new();
    if let Some(repository) = repository {
        let branch = arguments.base.as_ref().or(repository.branch.as_ref());
        let (file, found) = of_the_repository(repository, branch, surroundings).await;
        if let Some(RepositoryFile { layer, untrusted: keys, .. }) = file {
            layers.push(layer);
            untrusted = keys;
        }
        checks.extend(found);
    }
    let path = load::user_file(surroundings);
    let (layer, check) = match load::user_file_layer(surroundings) {
        Ok(Some(layer)) => (Some(layer), DoctorCheck::ok("your file", path.display().to_string())),
        Ok(None) => {
            let seen = format!("none ({}); create it with `agent-loop config init --user`", path.display());
            (None, DoctorCheck::ok("your file", seen))
        }
        Err(why) => (
            None,
            broken("your file", why, "fix that file; `agent-loop config init --print` lists every key"),
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
        Err(why) => checks.push(broken("variables", why, "fix or unset that variable")),
    }
    layers.push(Layer::from_values(
        arguments.settings.values.clone(),
        SettingSource::Flag,
        &surroundings.folder,
    )?);
    let (configuration, check) = merge(layers)?;
    checks.extend(check);
    Ok(ReadSettings { configuration, checks, untrusted })
}

fn broken(name: &'static str, why: String, fix: &str) -> DoctorCheck {
    DoctorCheck::error(name, why).fix(fix)
}

/// Merges the sources. If they contradict each other, only defaults and flags are used.
fn merge(layers: Vec<Layer>) -> Result<(Configuration, Option<DoctorCheck>), String> {
    match Configuration::merge(layers.iter().cloned()) {
        Ok(configuration) => Ok((configuration, None)),
        Err(why) => {
            let check = broken("together", why, "show the source of each value: agent-loop config explain");
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
) -> (Option<RepositoryFile>, Vec<DoctorCheck>) {
    let Some(branch) = branch else {
        let seen = format!("HEAD is detached, so no branch selects a {REPOSITORY_FILE}");
        return (
            None,
            vec![DoctorCheck::warning("repository's file", seen).fix("name a branch with --base")],
        );
    };
    match load::repository_file(repository, branch, surroundings).await {
        Ok(None) => {
            (None, vec![DoctorCheck::ok("repository's file", format!("no {REPOSITORY_FILE} on {branch}"))])
        }
        Ok(Some(file)) => {
            let (file, checks) = judged(file, branch, &load::trust_command(repository, branch));
            (Some(file), checks)
        }
        Err(why) => {
            let fix =
                format!("fix it and commit it on {branch}; `agent-loop config init --print` lists every key");
            (None, vec![broken("repository's file", why, &fix)])
        }
    }
}

/// Checks the repository's file, and removes its untrusted settings.
fn judged(
    mut file: RepositoryFile,
    branch: &BranchName,
    trusting: &str,
) -> (RepositoryFile, Vec<DoctorCheck>) {
    let RepositoryFile { text, layer, untrusted, warning } = &mut file;
    let mut checks = Vec::new();
    if !untrusted.is_empty() {
        let seen = format!(
            "{REPOSITORY_FILE} on {branch} names programs, folders or people ({}), and is not trusted yet",
            untrusted.join(", ")
        );
        let fix = format!("review it (git show {branch}:{REPOSITORY_FILE}), then: {trusting}");
        checks.push(DoctorCheck::error("repository's file", seen).fix(fix));
        layer.values.retain(|key, _| !untrusted.contains(key));
    } else if !text.is_empty() {
        checks.push(DoctorCheck::ok("repository's file", format!("{REPOSITORY_FILE} on {branch}")));
    }
    checks.extend(warning.clone().map(|warning| {
        DoctorCheck::warning("repository's file", warning).fix(format!("commit it on {branch}"))
    }));
    (file, checks)
}
