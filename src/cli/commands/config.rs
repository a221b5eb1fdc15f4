//! `config`: the settings with their sources, a template, the schema, trust.

use std::fmt::Write;
use std::path::Path;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::cli::arguments::common::{KnownRepositoryArgs, RepositoryArgs};
use crate::cli::config::keys;
use crate::cli::config::layer::{Layer, SettingSource};
use crate::cli::config::load::{self, REPOSITORY_FILE, RepositoryFile};
use crate::cli::config::merged::Configuration;
use crate::cli::config::template;
use crate::cli::config::trust::{self, TrustFile};
use crate::cli::repository::Repository;
use crate::cli::repository::open::OpenRepository;
use crate::cli::surroundings::Surroundings;
use crate::domain::ids::BranchName;
use crate::domain::shell::quoted;

/// `config`
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Show each setting with its value and its source
    Explain(ExplainArguments),
    /// Create a commented settings file: agent-loop.toml of this repository
    Init(InitArguments),
    /// Print the JSON Schema of the settings file, for editors
    Schema,
    /// Allow the repository's current settings file to name programs
    Trust(TrustArguments),
}

/// `config explain`
#[derive(Debug, Args)]
pub struct ExplainArguments {
    /// Show only this key, or the keys of this section, such as `gates` [default: all]
    pub key: Option<String>,
    /// Branch whose agent-loop.toml is used [default: the current branch]
    #[arg(long, value_name = "BRANCH")]
    pub base: Option<BranchName>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub repository: RepositoryArgs,
}

/// `config init`
#[derive(Debug, Args)]
pub struct InitArguments {
    /// Create your own file, for all repositories
    #[arg(long)]
    pub user: bool,
    /// Print the file instead of creating it
    #[arg(long, conflicts_with = "user")]
    pub print: bool,
    #[command(flatten)]
    pub repository: RepositoryArgs,
}

/// `config trust`
#[derive(Debug, Args)]
pub struct TrustArguments {
    /// Expected repository, as a safeguard: OWNER/REPO or its git folder; it must be the current one
    #[arg(value_name = "REPOSITORY")]
    pub expected: Option<String>,
    /// Branch whose agent-loop.toml is trusted [default: the current branch]
    #[arg(long, value_name = "BRANCH")]
    pub base: Option<BranchName>,
    #[command(flatten)]
    pub repository: KnownRepositoryArgs,
}

/// Runs a command, and returns the text to print.
pub async fn run(command: &ConfigCommand, surroundings: &Surroundings) -> Result<String, String> {
    match command {
        ConfigCommand::Explain(arguments) => explain(arguments, surroundings).await,
        ConfigCommand::Init(arguments) => init(arguments, surroundings).await,
        ConfigCommand::Schema => serde_json::to_string_pretty(&keys::schema())
            .map(|text| text + "\n")
            .map_err(|error| error.to_string()),
        ConfigCommand::Trust(arguments) => trust(arguments, surroundings).await,
    }
}

async fn explain(arguments: &ExplainArguments, surroundings: &Surroundings) -> Result<String, String> {
    let folder = surroundings.folder_or(arguments.repository.dir.as_deref());
    let repository = Repository::find(&folder, &surroundings.variables).await.ok();
    let file = match &repository {
        Some(repository) => file(repository, arguments.base.as_ref(), surroundings).await?.1,
        None => None,
    };
    let mut layers = vec![Layer::defaults()];
    layers.extend(file.iter().map(|file| file.layer.clone()));
    layers.extend(load::user_layers(surroundings)?);
    let configuration = Configuration::merge(layers)?;
    let untrusted = file.as_ref().map_or(&[][..], |file| &file.untrusted);
    let only = arguments.key.as_deref();
    if let Some(typed) =
        only.filter(|typed| !keys::known().iter().any(|key| keys::is_under(&key.path, typed)))
    {
        return Err(keys::absent(typed));
    }
    if arguments.json {
        return Ok(format!("{}\n", as_json(&configuration, untrusted, only)));
    }
    let mut text = text(&configuration, untrusted, only);
    if let Some(repository) = repository.filter(|_| !untrusted.is_empty()) {
        let branch = arguments.base.as_ref().or(repository.branch.as_ref());
        let command = branch.map_or_else(String::new, |branch| load::trust_command(&repository, branch));
        let _ =
            writeln!(text, "\nNot trusted yet, so runs are refused: {}\n  {command}", untrusted.join(", "));
    }
    if let Some(warning) = file.and_then(|file| file.warning) {
        let _ = writeln!(text, "\n! {warning}");
    }
    Ok(text)
}

/// Returns the branch whose file is used, with the file.
async fn file(
    repository: &Repository,
    base: Option<&BranchName>,
    surroundings: &Surroundings,
) -> Result<(BranchName, Option<RepositoryFile>), String> {
    let branch = base.or(repository.branch.as_ref()).cloned();
    let branch = branch.ok_or("HEAD is detached; name the branch with --base")?;
    let file = load::repository_file(repository, &branch, surroundings).await?;
    Ok((branch, file))
}

fn text(configuration: &Configuration, untrusted: &[String], only: Option<&str>) -> String {
    let is_wanted = |path: &str| only.is_none_or(|only| keys::is_under(path, only));
    let mut text = String::new();
    for (path, value, source) in configuration.values().filter(|(path, ..)| is_wanted(path)) {
        let distrusted = is_untrusted(path, source, untrusted);
        let mark = if distrusted { " (not trusted)" } else { "" };
        let _ = writeln!(text, "{path} = {value}  # {source}{mark}");
    }
    let is_set = |pattern: &keys::KnownKey| configuration.values().any(|(path, ..)| pattern.is(path));
    for key in keys::known().iter().filter(|key| !is_set(key) && is_wanted(&key.path)) {
        let default = key.default.as_ref().filter(|default| !default.is_empty());
        let default = default.map_or_else(String::new, |default| format!(" (default: {default})"));
        let _ = writeln!(text, "{} is not set{default}  # {}", key.path, key.meaning);
    }
    text
}

fn is_untrusted(path: &str, source: &SettingSource, untrusted: &[String]) -> bool {
    matches!(source, SettingSource::Repository { .. }) && untrusted.iter().any(|key| key == path)
}

fn as_json(configuration: &Configuration, untrusted: &[String], only: Option<&str>) -> Value {
    let is_wanted = |path: &str| only.is_none_or(|only| keys::is_under(path, only));
    let all = configuration.values().filter(|(path, ..)| is_wanted(path)).map(|(path, value, source)| {
        let trusted = !is_untrusted(path, source, untrusted);
        json!({ "key": path, "value": value, "source": source.to_string(), "trusted": trusted })
    });
    Value::Array(all.collect())
}

async fn init(arguments: &InitArguments, surroundings: &Surroundings) -> Result<String, String> {
    let text = template::template();
    if arguments.print {
        return Ok(text);
    }
    let path = if arguments.user {
        crate::adapters::files::make_folder(&surroundings.configuration)?;
        load::user_file(surroundings)
    } else {
        let folder = surroundings.folder_or(arguments.repository.dir.as_deref());
        let repository = Repository::find(&folder, &surroundings.variables).await?;
        if repository.is_bare() {
            return Err("a bare repository has no files; use `agent-loop config init --print`".to_owned());
        }
        repository.path.join(REPOSITORY_FILE)
    };
    write_new(&path, &text)?;
    let next =
        if arguments.user { "" } else { "; it takes effect when it is committed on the target branch" };
    Ok(format!("created {}, with all settings as comments{next}\n", path.display()))
}

/// Writes a new file. An existing one is never overwritten.
fn write_new(path: &Path, text: &str) -> Result<(), String> {
    use std::io::Write as _;
    let file = std::fs::OpenOptions::new().write(true).create_new(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| {
        if error.kind() == std::io::ErrorKind::AlreadyExists {
            let example = "`agent-loop config init --print`";
            format!("{} already exists and was not changed; see the template with {example}", path.display())
        } else {
            format!("cannot write {}: {error}", path.display())
        }
    })
}

/// Returns the repository of a folder, or the one that a run outside of its checkouts has read.
async fn trusted(arguments: &KnownRepositoryArgs, surroundings: &Surroundings) -> Result<Repository, String> {
    let Some(named) = &arguments.repo else {
        let folder = surroundings.folder_or(arguments.place.dir.as_deref());
        return Ok(Repository::find(&folder, &surroundings.variables).await?);
    };
    let here = OpenRepository::of(arguments, None, surroundings).await?;
    here.map(|here| here.repository).ok_or_else(|| format!("no run has read {named} on this machine yet"))
}

async fn trust(arguments: &TrustArguments, surroundings: &Surroundings) -> Result<String, String> {
    let repository = trusted(&arguments.repository, surroundings).await?;
    let name = repository.trust_name();
    if let Some(expected) = arguments.expected.as_ref().filter(|expected| **expected != name) {
        return Err(format!(
            "the repository here is {name}, not {expected}; go to {expected}, or type `agent-loop config trust {}`",
            quoted(&name)
        ));
    }
    let (branch, file) = file(&repository, arguments.base.as_ref(), surroundings).await?;
    let Some(file) = file.filter(|file| !file.text.is_empty()) else {
        return Err(format!("{REPOSITORY_FILE} does not exist on {branch}, so there is nothing to trust"));
    };
    let guarded = trust::guarded(&file.layer);
    if guarded.is_empty() {
        return Ok(format!("{REPOSITORY_FILE} on {branch} has no setting that needs your trust\n"));
    }
    let mut text = format!("{REPOSITORY_FILE} on {branch} may now set, until it changes:\n");
    for path in &guarded {
        if let Some(value) = file.layer.values.get(*path) {
            let _ = writeln!(text, "  {path} = {value}");
        }
    }
    let kept = TrustFile::load(&surroundings.configuration)?.trust(&name, &file.text)?;
    let _ =
        writeln!(text, "Saved in {}; to revoke, remove the line of this repository there.", kept.display());
    Ok(text)
}
