//! The repository of a command, with its forge and its state folder, if agent-loop was used there before.

use std::path::Path;
use std::sync::Arc;

use crate::adapters::any_forge::AnyForge;
use crate::adapters::git::GitWorkspace;
use crate::adapters::storage::folders::Folders;
use crate::adapters::storage::journals::FileJournals;
use crate::adapters::storage::lock;
use crate::cli::arguments::common::KnownRepositoryArgs;
use crate::cli::arguments::numbers::{self, SubjectReference};
use crate::cli::config::load::BaseLayers;
use crate::cli::config::settings::{ForgeChoice, ForgeSettings, Settings};
use crate::cli::nearest::suggestion;
use crate::cli::surroundings::Surroundings;
use crate::cli::usage::kept;
use crate::cli::usage::summary::RunCost;
use crate::cli::view::place::CommandPlace;
use crate::domain::ids::{IssueNumber, PullRequestNumber};
use crate::domain::subject::Subject;
use crate::domain::trust::Trust;
use crate::ports::forge::ForgeError;
use crate::ports::journal::Holder;

use super::Repository;
use super::site::{ForgeSite, Site};

/// The number of known subjects in an error message.
const MOST_NAMED: usize = 5;

/// A repository in which agent-loop was used.
#[derive(Debug)]
pub struct OpenRepository {
    pub repository: Repository,
    pub forge: AnyForge,
    pub folders: Folders,
    workspace: Arc<GitWorkspace>,
    /// The trusted logins; the login of this program is one of the recorders.
    pub trust: Trust,
    /// How commands in messages name the repository.
    pub place: CommandPlace,
}

impl OpenRepository {
    /// Opens the repository of a folder; `None` if agent-loop was not used there. It creates nothing.
    pub async fn find(dir: Option<&Path>, surroundings: &Surroundings) -> Result<Option<Self>, String> {
        let repository = Repository::find(&surroundings.folder_or(dir), &surroundings.variables).await?;
        let settings = settings(&repository, surroundings).await;
        let site = Site::begun(repository, &settings.forge.gh_command, surroundings).await?;
        let Some(site) = site else { return Ok(None) };
        Ok(Some(Self::at(site, settings, surroundings).await))
    }

    /// Opens the repository of a command: that of a folder, or the one that a flag or the URL of its subject names on GitHub.
    /// It creates nothing.
    pub async fn of(
        arguments: &KnownRepositoryArgs,
        subject: Option<&str>,
        surroundings: &Surroundings,
    ) -> Result<Option<Self>, String> {
        let dir = arguments.place.dir.as_deref();
        let name = arguments.repo.clone().or_else(|| numbers::repository(subject?));
        let Some(name) = name else { return Self::find(dir, surroundings).await };
        let (folder, variables) = (surroundings.folder_or(dir), &surroundings.variables);
        let repository = match Repository::find(&folder, variables).await {
            Err(_) if folder.is_dir() => Repository::outside(&folder, variables).await?,
            found => found?,
        };
        let settings = settings(&repository, surroundings).await;
        let forge = settings.forge.clone();
        let named = ForgeSettings { kind: ForgeChoice::Github, repository: Some(name), ..forge };
        let address = match ForgeSite::of(&named, &repository, variables)? {
            ForgeSite::Github(address) => address,
            ForgeSite::Embedded => return Ok(None),
        };
        let site = Site::github(repository, &address, &settings.forge.gh_command, surroundings).await?;
        if !site.folders.root().exists() {
            return Ok(None);
        }
        Ok(Some(Self::at(site, settings, surroundings).await))
    }

    async fn at(site: Site, found: Settings, surroundings: &Surroundings) -> Self {
        let workspace = Arc::new(site.workspace(&surroundings.variables));
        let Site { repository, forge, folders, .. } = site;
        let settings = match &forge {
            AnyForge::Embedded(_) => found,
            // The file is read from the branch on GitHub, not from that of this checkout.
            AnyForge::Github(_) => settings(&repository, surroundings).await,
        };
        let trusted = settings.trust.trust();
        let recorders = std::iter::once(forge.login()).chain(trusted.recorders).collect();
        let trust = Trust { recorders, humans: trusted.humans };
        Self { repository, forge, folders, workspace, trust, place: surroundings.place.clone() }
    }

    /// Names the repository by its folder, for a command that looks at several.
    #[must_use]
    pub fn in_its_folder(self) -> Self {
        Self { place: CommandPlace::new(Some(&self.repository.path), None), ..self }
    }

    pub fn workspace(&self) -> &GitWorkspace {
        &self.workspace
    }

    /// Returns the subjects on this machine, pull requests first.
    pub fn subjects(&self) -> Vec<Subject> {
        let mut subjects = self.folders.known();
        subjects.sort_by_key(|subject| match subject {
            Subject::PullRequest(number) => (0, number.0, String::new()),
            Subject::Issue(number) => (1, number.0, String::new()),
            Subject::Task(key) => (2, 0, key.to_string()),
        });
        subjects
    }

    /// Parses a subject and checks that it is known on this machine.
    pub fn subject(&self, typed: &str) -> Result<Subject, String> {
        let known = self.subjects();
        let reference = numbers::subject(typed);
        if let Some(found) = known.iter().find(|subject| reference.as_ref().is_ok_and(|one| one.is(subject)))
        {
            return Ok(found.clone());
        }
        let names: Vec<String> = known.iter().map(ToString::to_string).collect();
        let mut list: Vec<&str> = names.iter().map(String::as_str).take(MOST_NAMED).collect();
        if names.len() > MOST_NAMED {
            list.push("…");
        }
        let list = if list.is_empty() { "none".to_owned() } else { list.join(", ") };
        // Another number is another subject, however similar it looks.
        let hint = match &reference {
            Ok(
                SubjectReference::Number(_)
                | SubjectReference::Exact(Subject::Issue(_) | Subject::PullRequest(_)),
            ) => String::new(),
            Ok(SubjectReference::Exact(Subject::Task(_))) | Err(_) => {
                suggestion(typed, names.iter().map(String::as_str))
            }
        };
        let unknown = |reference| match self.removed(&reference) {
            Some(subject) => format!("`agent-loop clean` has removed the journal and the logs of {subject}"),
            None => format!("{typed} is not known on this machine"),
        };
        let why = reference.map_or_else(|why| why, unknown);
        Err(format!("{why} (known: {list}){hint}"))
    }

    /// Returns the subject, if `clean` has removed its files.
    fn removed(&self, reference: &SubjectReference) -> Option<Subject> {
        let (costs, _) = kept::read(&self.folders);
        costs.iter().flat_map(RunCost::subjects).find(|subject| reference.is(subject)).cloned()
    }

    /// Parses a subject that may be on the forge only.
    pub async fn subject_anywhere(&self, typed: &str) -> Result<Subject, String> {
        let unknown = match self.subject(typed) {
            Ok(subject) => return Ok(subject),
            Err(unknown) => unknown,
        };
        match numbers::subject(typed)? {
            SubjectReference::Exact(Subject::Task(_)) => Err(unknown),
            SubjectReference::Exact(subject) => Ok(subject),
            SubjectReference::Number(number) => {
                let (issue, pull_request) = (IssueNumber(number), PullRequestNumber(number));
                if there(self.forge.pull_request(pull_request).await)?.is_some() {
                    return Ok(Subject::PullRequest(pull_request));
                }
                let found = there(self.forge.issue(issue).await)?;
                let missing = || {
                    format!(
                        "there is no issue or pull request {number}; `agent-loop status` lists those with a run"
                    )
                };
                found.map(|_| Subject::Issue(issue)).ok_or_else(missing)
            }
        }
    }

    /// Returns the process that is working on a subject.
    pub fn holder(&self, subject: &Subject) -> Option<Holder> {
        lock::who_holds(&FileJournals::lock_path(self.folders.locks(), subject))
    }
}

/// Returns the settings for a command that only reads, which accepts a file of the repository that a run would reject: only the
/// user's own settings count then.
async fn settings(repository: &Repository, surroundings: &Surroundings) -> Settings {
    let found = BaseLayers::of_the_forge(repository, repository.branch.as_ref(), surroundings).await;
    found.and_then(|found| found.merged(&[])).map(|merged| merged.settings).unwrap_or_default()
}

/// Returns the message for a repository in which agent-loop was not used.
pub fn nothing_begun() -> String {
    "there are no runs in this repository yet; `agent-loop issue N` or `agent-loop task TEXT` starts one"
        .to_owned()
}

/// Returns the message for a repository in which agent-loop was not used: an error only if a subject was named.
pub fn nothing_to_show(subject: Option<&str>) -> Result<String, String> {
    let text = nothing_begun();
    if subject.is_some() { Err(text) } else { Ok(format!("{text}\n")) }
}

/// Returns what the forge has; `None` if it does not exist. A forge that cannot be reached is an error.
pub(super) fn there<T>(found: Result<T, ForgeError>) -> Result<Option<T>, String> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(ForgeError::NotFound(_)) => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}
