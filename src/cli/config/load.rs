//! Loads and merges the layers of settings: the repository's file on the base branch, the user's file, variables, flags.

use std::path::{Path, PathBuf};

use crate::cli::repository::{BranchHome, LONGEST_FILE, Repository};
use crate::cli::surroundings::Surroundings;
use crate::domain::ending::Refused;
use crate::domain::ids::BranchName;
use crate::domain::shell;
use crate::engine::outcome::RunError;

use super::layer::{Layer, SettingSource};
use super::merged::Configuration;
use super::trust::{self, TrustFile};

/// The name of the repository's file.
pub const REPOSITORY_FILE: &str = "agent-loop.toml";
/// The name of the user's file, in the configuration folder of the platform.
pub const USER_FILE: &str = "config.toml";

/// The repository's file, as committed on a branch.
#[derive(Debug, Clone, PartialEq)]
pub struct RepositoryFile {
    pub text: String,
    pub layer: Layer,
    /// Keys that need the user's trust and do not have it.
    pub untrusted: Vec<String>,
    /// A warning if the file in the checkout differs.
    pub warning: Option<String>,
}

/// Returns the path of the user's file.
pub fn user_file(surroundings: &Surroundings) -> PathBuf {
    surroundings.configuration.join(USER_FILE)
}

/// Reads a settings file, if it exists. Links are followed: people keep their files elsewhere.
fn read(path: &Path) -> Result<Option<String>, String> {
    let wrong = |why: &str| format!("cannot read {}: {why}", path.display());
    match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(wrong(&error.to_string())),
        Ok(facts) if !facts.is_file() => return Err(wrong("it is not a file")),
        Ok(facts) if facts.len() > LONGEST_FILE => {
            return Err(wrong("it is too long for a settings file"));
        }
        Ok(_) => {}
    }
    std::fs::read_to_string(path).map(Some).map_err(|error| wrong(&error.to_string()))
}

/// Reads the user's own settings: the file, then variables.
pub fn user_layers(surroundings: &Surroundings) -> Result<Vec<Layer>, String> {
    let mut layers: Vec<Layer> = user_file_layer(surroundings)?.into_iter().collect();
    layers.push(Layer::from_variables(&surroundings.variables, &surroundings.folder)?);
    Ok(layers)
}

/// Reads the user's file, if it exists.
pub fn user_file_layer(surroundings: &Surroundings) -> Result<Option<Layer>, String> {
    let path = user_file(surroundings);
    let text = read(&path)?;
    text.map(|text| Layer::from_text(&text, SettingSource::User(path), &surroundings.configuration))
        .transpose()
}

/// Reads the repository's file on a branch, if it exists.
pub async fn repository_file(
    repository: &Repository,
    branch: &BranchName,
    surroundings: &Surroundings,
) -> Result<Option<RepositoryFile>, String> {
    let committed = repository.file_on(branch, REPOSITORY_FILE, &surroundings.variables).await?;
    let here = repository.checked_out(REPOSITORY_FILE);
    let warning = here.and_then(|path| uncommitted(&path, committed.as_deref(), branch));
    if committed.is_none() && warning.is_none() {
        return Ok(None);
    }
    let text = committed.unwrap_or_default();
    let source = SettingSource::Repository { branch: branch.to_string() };
    let layer = Layer::from_text(&text, source, &repository.path)?;
    let trusted = TrustFile::load(&surroundings.configuration)?.trusts(&repository.trust_name(), &text);
    let guarded = trust::guarded(&layer).into_iter().map(str::to_owned);
    let untrusted = if trusted { Vec::new() } else { guarded.collect() };
    Ok(Some(RepositoryFile { text, layer, untrusted, warning }))
}

/// Returns a warning if the file in the checkout is not the committed one.
fn uncommitted(path: &Path, committed: Option<&str>, branch: &BranchName) -> Option<String> {
    // A hostile repository may contain a link to any file, so links are not followed.
    let facts = std::fs::symlink_metadata(path).ok()?;
    let here = if facts.is_file() { read(path).ok().flatten() } else { None };
    let same =
        here.is_some_and(|here| committed.is_some_and(|committed| committed.trim_end() == here.trim_end()));
    let difference = if committed.is_some() { "differs from" } else { "is not on" };
    (!same).then(|| {
        format!("{} {difference} the branch {branch}; only the file on that branch is used", path.display())
    })
}

/// The layers below the flags: defaults, the repository's file, the user's file, variables.
#[derive(Debug, Clone, PartialEq)]
pub struct BaseLayers {
    layers: Vec<Layer>,
    /// A warning if the repository's file in the checkout differs.
    pub warning: Option<String>,
}

impl BaseLayers {
    /// Reads all layers.
    pub async fn look(
        repository: &Repository,
        branch: &BranchName,
        surroundings: &Surroundings,
    ) -> Result<Self, RunError> {
        let file = repository_file(repository, branch, surroundings).await.map_err(faulty)?;
        if let Some(file) = &file
            && !file.untrusted.is_empty()
        {
            return Err(untrusted(&file.untrusted, repository, branch));
        }
        let mut layers = vec![Layer::defaults()];
        layers.extend(file.iter().map(|file| file.layer.clone()));
        layers.extend(user_layers(surroundings).map_err(faulty)?);
        Ok(Self { layers, warning: file.and_then(|file| file.warning) })
    }

    /// Reads the layers that choose the forge, before the relevant branch is known. An unreadable or untrusted file of the
    /// repository is left out here, and rejected once its branch is known.
    pub async fn of_the_forge(
        repository: &Repository,
        branch: Option<&BranchName>,
        surroundings: &Surroundings,
    ) -> Result<Self, RunError> {
        if let Some(branch) = branch
            && let Ok(layers) = Self::look(repository, branch, surroundings).await
        {
            return Ok(layers);
        }
        Self::of_the_user(surroundings)
    }

    /// Reads the layers outside of any repository.
    pub fn of_the_user(surroundings: &Surroundings) -> Result<Self, RunError> {
        let mut layers = vec![Layer::defaults()];
        layers.extend(user_layers(surroundings).map_err(faulty)?);
        Ok(Self { layers, warning: None })
    }

    /// Merges these layers with others on top.
    pub fn merged(&self, own: &[&Layer]) -> Result<Configuration, RunError> {
        Configuration::merge(self.layers.iter().chain(own.iter().copied()).cloned()).map_err(faulty)
    }
}

fn faulty(message: String) -> RunError {
    RunError::config(message)
}

/// Returns the command that trusts the file on a branch.
pub fn trust_command(repository: &Repository, branch: &BranchName) -> String {
    // The file of the current folder must not be trusted instead.
    let elsewhere = match (&repository.home, repository.address()) {
        (BranchHome::Mirror(_), Some(address)) => format!(" --repo {}", shell::quoted(&address.named())),
        (BranchHome::Mirror(_) | BranchHome::Here | BranchHome::Origin | BranchHome::Nowhere, _) => {
            String::new()
        }
    };
    let base = if repository.branch.as_ref() == Some(branch) {
        String::new()
    } else {
        format!(" --base {}", shell::quoted(branch.as_str()))
    };
    format!("agent-loop config trust{elsewhere}{base}")
}

fn untrusted(keys: &[String], repository: &Repository, branch: &BranchName) -> RunError {
    let command = trust_command(repository, branch);
    let show = match &repository.home {
        BranchHome::Mirror(mirror) => {
            let mirror = shell::quoted(&mirror.to_string_lossy());
            format!("git -C {mirror} show refs/remotes/forge/")
        }
        BranchHome::Here | BranchHome::Origin | BranchHome::Nowhere => "git show ".to_owned(),
    };
    let message = format!(
        "{REPOSITORY_FILE} on {branch} sets programs, paths or trusted logins ({}), and you have not trusted it yet. \
         Read it: `{show}{}`; then trust it: `{command}`",
        keys.join(", "),
        shell::quoted(&format!("{branch}:{REPOSITORY_FILE}")),
    );
    RunError::refused(Refused::UntrustedConfig, message).with_next(command)
}
