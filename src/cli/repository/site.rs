//! A repository with its forge: which forge that is, where it is reached, and the folders of this machine.

use std::ffi::OsStr;
use std::sync::Arc;

use crate::adapters::any_forge::AnyForge;
use crate::adapters::embedded_forge::rows::SubjectKind;
use crate::adapters::embedded_forge::store::Store;
use crate::adapters::embedded_forge::{EmbeddedForge, missing};
use crate::adapters::files;
use crate::adapters::git::{
    self, ForkUrl, Git, GitWorkspace, Identity, Remote, RemoteLogin, RemoteUrl, WaitNotice,
};
use crate::adapters::github::address::{GITHUB, RepositoryAddress};
use crate::adapters::github::forks::ForkBranch;
use crate::adapters::github::{Gh, GithubForge};
use crate::adapters::process::environment;
use crate::adapters::process::variables::Variables;
use crate::adapters::storage::folders::Folders;
use crate::adapters::storage::whereabouts::{self, Whereabouts};
use crate::cli::config::settings::{ForgeChoice, ForgeSettings};
use crate::cli::surroundings::Surroundings;
use crate::cli::view::print;
use crate::domain::ending::Failed;
use crate::domain::ids::{BranchName, PullRequestNumber};
use crate::domain::subject::Subject;
use crate::engine::outcome::RunError;
use crate::ports::forge::{Forge, Thread};
use crate::ports::workspace::Workspace;

use super::{BranchHome, Repository};

/// A repository with its forge.
#[derive(Debug)]
pub struct Site {
    pub repository: Repository,
    pub forge: AnyForge,
    pub folders: Folders,
    remote: Remote,
}

/// Which forge a repository is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ForgeSite {
    Embedded,
    Github(RepositoryAddress),
}

impl ForgeSite {
    /// Returns the forge of a repository: the one that was chosen, else the embedded one where something was begun on it, else
    /// GitHub where `origin` points to it.
    pub fn of(
        choice: &ForgeSettings,
        repository: &Repository,
        variables: &Variables,
    ) -> Result<Self, RunError> {
        let usage = |why: String| Err(RunError::usage(why));
        let host = github_host(variables);
        let named = choice.repository.as_ref().map(|text| (text, RepositoryAddress::from_name(text, &host)));
        match (choice.kind, named) {
            (ForgeChoice::Local, None) => Ok(Self::Embedded),
            (ForgeChoice::Local, Some((text, _))) => usage(format!(
                "{text} is on GitHub, and the embedded forge was chosen; leave one of both out"
            )),
            (ForgeChoice::Github | ForgeChoice::Auto, Some((_, Some(address)))) => Ok(Self::Github(address)),
            (ForgeChoice::Github | ForgeChoice::Auto, Some((text, None))) => {
                let folder =
                    if text.starts_with(['/', '.', '~']) { "; a folder is named with -C" } else { "" };
                usage(format!("`{text}` is no repository on GitHub; type --repo OWNER/REPO{folder}"))
            }
            (ForgeChoice::Github, None) => repository.address().map_or_else(
                || {
                    let origin = repository.origin.as_ref();
                    let why = origin.map_or_else(
                        || "there is no remote `origin`".to_owned(),
                        |url| format!("`origin` ({url}) is not on GitHub"),
                    );
                    usage(format!("{why}; name the repository with --repo OWNER/REPO"))
                },
                |address| Ok(Self::Github(address)),
            ),
            (ForgeChoice::Auto, None) => {
                let begun = Store::exists(&repository.common);
                let address = repository.address().filter(|one| one.host == GITHUB || one.host == host);
                Ok(address.filter(|_| !begun).map_or(Self::Embedded, Self::Github))
            }
        }
    }
}

/// Returns the host that gh uses when none is named.
fn github_host(variables: &Variables) -> String {
    let named = variables.get(OsStr::new("GH_HOST")).and_then(|host| host.to_str());
    named.filter(|host| !host.is_empty()).unwrap_or(GITHUB).to_ascii_lowercase()
}

impl Site {
    /// Opens the embedded forge of a repository, which is made if there is none.
    pub fn embedded(repository: Repository, surroundings: &Surroundings) -> Result<Self, String> {
        let forge = embedded(&repository, surroundings)?;
        Ok(Self::with_embedded(repository, forge, surroundings))
    }

    fn with_embedded(repository: Repository, forge: EmbeddedForge, surroundings: &Surroundings) -> Self {
        let folders = folders_of_the_embedded(&repository, forge.store(), surroundings);
        let remote = Remote::Local(repository.path.clone());
        Self { repository, forge: AnyForge::Embedded(Arc::new(forge)), folders, remote }
    }

    /// Opens the embedded forge for a run on a subject. A number of the other kind is refused before anything else is read.
    pub fn embedded_for(
        subject: &Subject,
        repository: Repository,
        surroundings: &Surroundings,
    ) -> Result<Self, RunError> {
        let disk = |why| RunError::failed(Failed::Disk, why);
        let forge = embedded(&repository, surroundings).map_err(disk)?;
        must_be_of_its_kind(subject, forge.store())?;
        Ok(Self::with_embedded(repository, forge, surroundings))
    }

    /// Opens a repository on GitHub. Two calls; nothing is made.
    pub async fn github(
        repository: Repository,
        address: &RepositoryAddress,
        gh_command: &str,
        surroundings: &Surroundings,
    ) -> Result<Self, RunError> {
        let gh = Gh::new(gh_command, &address.host, &surroundings.variables, &surroundings.folder);
        let forge = GithubForge::open(gh, address).await?;
        Ok(Self::with_github(repository, address, gh_command, forge, surroundings))
    }

    /// Opens a repository on GitHub for a run on a subject, once it is known that the run can do its work there. Returns the
    /// branch that is changed if none is named, too.
    pub async fn github_for(
        subject: &Subject,
        repository: Repository,
        address: &RepositoryAddress,
        gh_command: &str,
        surroundings: &Surroundings,
    ) -> Result<(Self, BranchName), RunError> {
        let gh = Gh::new(gh_command, &address.host, &surroundings.variables, &surroundings.folder);
        let forge = GithubForge::open(gh, address).await?;
        let folders = Folders::new(&surroundings.state, &forge.repository_id());
        let forge = forge.with_threads_of(folders.threads());
        let ends = forge.check_subject(subject).await?;
        let base = ends.as_ref().map_or_else(|| forge.default_branch().clone(), |ends| ends.base.clone());
        let site = Self::with_github(repository, address, gh_command, forge, surroundings);
        let site = site.with_fork(ends.and_then(|ends| ends.fork));
        if let BranchHome::Mirror(_) = site.repository.home {
            // No checkout has its settings.
            let notice = WaitNotice::new(|text| print::talk(&format!("{text}\n")));
            site.workspace(&surroundings.variables).with_wait_notice(notice).refresh().await?;
        }
        Ok((site, base))
    }

    fn with_github(
        repository: Repository,
        address: &RepositoryAddress,
        gh_command: &str,
        forge: GithubForge,
        surroundings: &Surroundings,
    ) -> Self {
        let folders = Folders::new(&surroundings.state, &forge.repository_id());
        let repository = if repository.address().is_some_and(|origin| origin.is_same_as(address)) {
            Repository { home: BranchHome::Origin, ..repository }
        } else {
            repository.elsewhere(folders.mirror(), &forge.address())
        };
        let remote = Remote::Url(remote(&repository, address, gh_command, &forge, &surroundings.variables));
        let forge = forge.with_threads_of(folders.threads());
        Self { repository, forge: AnyForge::Github(Arc::new(forge)), folders, remote }
    }

    /// Returns whether the subject is a pull request from a fork.
    pub fn is_for_fork(&self) -> bool {
        matches!(&self.remote, Remote::Url(RemoteUrl { fork: Some(_), .. }))
    }

    /// Adds the branch of a fork, reached as the repository itself is.
    fn with_fork(mut self, fork: Option<ForkBranch>) -> Self {
        if let Remote::Url(remote) = &mut self.remote {
            remote.fork = fork.map(|fork| {
                let url = beside(&remote.url, &fork.repository);
                ForkUrl { name: fork.name, url, branch: fork.branch }
            });
        }
        self
    }

    /// Opens what was begun in a repository; nothing, if nothing was.
    pub async fn begun(
        repository: Repository,
        gh_command: &str,
        surroundings: &Surroundings,
    ) -> Result<Option<Self>, String> {
        if Store::exists(&repository.common) {
            return Self::embedded(repository, surroundings).map(Some);
        }
        let Some(address) = noted_address(&repository, surroundings)? else { return Ok(None) };
        Ok(Some(Self::github(repository, &address, gh_command, surroundings).await?))
    }

    /// Makes the state folder, and notes there which repository it belongs to.
    pub fn note(&self) -> Result<(), RunError> {
        let disk = |why| RunError::failed(Failed::Disk, why);
        files::make_folder(self.folders.root()).map_err(disk)?;
        let address = match &self.forge {
            AnyForge::Embedded(_) => None,
            AnyForge::Github(forge) => {
                forge.keep_threads();
                Some(forge.address())
            }
        };
        let text = address.map(|address| format!("{}/{address}", address.host));
        whereabouts::note(&self.folders, self.repository.lasting_path(), text.as_deref()).map_err(disk)
    }

    /// Returns the workspace of the repository.
    pub fn workspace(&self, variables: &Variables) -> GitWorkspace {
        workspace(&self.folders, &self.repository, self.remote.clone(), variables)
    }
}

/// Returns the address of the repository on GitHub in which something was begun from this checkout.
fn noted_address(
    repository: &Repository,
    surroundings: &Surroundings,
) -> Result<Option<RepositoryAddress>, String> {
    let known = whereabouts::all(&surroundings.state)?;
    let here = known.into_iter().filter(|one| one.checkout.as_deref() == Some(repository.lasting_path()));
    let noted: Vec<RepositoryAddress> = here
        .filter(Whereabouts::has_subjects)
        .filter_map(|one| RepositoryAddress::from_name(&one.address?, GITHUB))
        .collect();
    let origin = repository.address();
    let is_origin = |one: &&RepositoryAddress| origin.as_ref().is_some_and(|origin| origin.is_same_as(one));
    Ok(noted.iter().find(is_origin).or_else(|| noted.first()).cloned())
}

fn remote(
    repository: &Repository,
    address: &RepositoryAddress,
    gh_command: &str,
    forge: &GithubForge,
    variables: &Variables,
) -> RemoteUrl {
    let canonical = forge.address();
    let is_ssh = |url: &&String| !url.starts_with("https://");
    let origin = repository.origin.as_ref().filter(|_| repository.address().as_ref() == Some(address));
    let (url, login) = if let Some(origin) = origin.filter(is_ssh) {
        let ssh = repository.ssh_command.clone().unwrap_or_else(|| "ssh -o BatchMode=yes".to_owned());
        (origin.clone(), RemoteLogin::Ssh(ssh))
    } else {
        let gh = crate::domain::shell::quoted(gh_command);
        let login =
            RemoteLogin::Helper { host: address.host.clone(), command: format!("{gh} auth git-credential") };
        (canonical.https_url(), login)
    };
    let mut variables = environment::for_gh(variables);
    variables.insert("GH_HOST".into(), address.host.clone().into());
    RemoteUrl { url, default_branch: forge.default_branch().clone(), fork: None, login, variables }
}

/// Returns the URL of another repository on the same host, in the form of a known one.
fn beside(url: &str, repository: &str) -> String {
    let path = url.trim_end_matches('/');
    let owner = path.rfind('/').and_then(|end| path.get(..end)?.rfind(['/', ':'])).map_or(0, |at| at + 1);
    format!("{}{repository}.git", url.get(..owner).unwrap_or_default())
}

/// Returns a workspace for clones of commits that the repository has. Nothing is fetched or pushed.
pub fn reading(folders: &Folders, repository: &Repository, variables: &Variables) -> GitWorkspace {
    workspace(folders, repository, Remote::Local(repository.path.clone()), variables)
}

fn workspace(
    folders: &Folders,
    repository: &Repository,
    remote: Remote,
    variables: &Variables,
) -> GitWorkspace {
    let identity = Identity { name: repository.name.clone(), email: repository.email.clone() };
    let places =
        git::GitFolders { mirror: folders.mirror(), clones: folders.clones(), diffs: folders.diffs() };
    GitWorkspace::new(Git::new(variables, identity), remote, places)
}

fn must_be_of_its_kind(subject: &Subject, store: &Store) -> Result<(), RunError> {
    let (number, wanted) = match subject {
        Subject::Task(_) => return Ok(()),
        Subject::Issue(number) => (number.0, "issue"),
        Subject::PullRequest(number) => (number.0, "pr"),
    };
    let found = store.subject(number).map_err(|why| RunError::failed(Failed::Disk, why))?;
    let is = match found.map(|row| row.kind) {
        Some(SubjectKind::Issue(_)) => "issue",
        Some(SubjectKind::PullRequest { .. }) => "pr",
        None => wanted,
    };
    if is == wanted {
        return Ok(());
    }
    let names = |kind| if kind == "pr" { "a pull request" } else { "an issue" };
    let message = format!("{number} is {}, not {}", names(is), names(wanted));
    Err(RunError::usage(message).with_next(format!("agent-loop {is} {number}")))
}

/// Opens the embedded forge of a repository.
pub fn embedded(repository: &Repository, surroundings: &Surroundings) -> Result<EmbeddedForge, String> {
    let store = Store::open(&repository.common)?;
    let folders = folders_of_the_embedded(repository, &store, surroundings);
    files::make_folder(folders.root())?;
    whereabouts::note(&folders, repository.lasting_path(), None)?;
    let remote = Remote::Local(repository.path.clone());
    let workspace = Arc::new(workspace(&folders, repository, remote, &surroundings.variables));
    EmbeddedForge::new(store, workspace)
}

/// Returns the state folder of a repository with an embedded forge. The locks lie beside the forge: whoever may write to it may
/// run a subject, under whatever user.
pub fn folders_of_the_embedded(
    repository: &Repository,
    store: &Store,
    surroundings: &Surroundings,
) -> Folders {
    let folders = Folders::new(&surroundings.state, store.repository_id());
    folders.with_locks(repository.common.join("agent-loop-locks"))
}

/// Refuses an issue or pull request where there is no embedded forge. Makes nothing.
pub fn without_forge(repository: &Repository, thread: Thread) -> Result<(), String> {
    if Store::exists(&repository.common) { Ok(()) } else { Err(missing(thread)) }
}

/// Returns the branch that a pull request on the embedded forge wants to change. Makes nothing.
pub fn base_of(repository: &Repository, number: PullRequestNumber) -> Option<BranchName> {
    if !Store::exists(&repository.common) {
        return None;
    }
    match Store::open(&repository.common).ok()?.subject(number.0).ok()??.kind {
        SubjectKind::PullRequest { base_ref, .. } => Some(base_ref),
        SubjectKind::Issue(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forks_are_reached_alike() {
        for (url, expected) in [
            ("https://github.com/o/r.git", "https://github.com/eve/f.git"),
            ("git@github.com:o/r.git", "git@github.com:eve/f.git"),
            ("ssh://git@ssh.github.com:443/o/r", "ssh://git@ssh.github.com:443/eve/f.git"),
        ] {
            assert_eq!(beside(url, "eve/f"), expected);
        }
    }
}
