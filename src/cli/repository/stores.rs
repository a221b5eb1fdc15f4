//! The local data of a repository: its embedded forge, state folder, workspace and locks.

use std::path::PathBuf;
use std::sync::Arc;

use crate::adapters::embedded_forge::EmbeddedForge;
use crate::adapters::embedded_forge::rows::SubjectKind;
use crate::adapters::embedded_forge::store::Store;
use crate::adapters::files;
use crate::adapters::git::{self, Git, GitWorkspace, Identity, Remote};
use crate::adapters::process::variables::Variables;
use crate::adapters::storage::folders::Folders;
use crate::adapters::storage::whereabouts;
use crate::cli::config::settings::ForgeChoice;
use crate::cli::surroundings::Surroundings;
use crate::domain::ids::{BranchName, PullRequestNumber};

use super::Repository;

/// Returns the state folder of a repository.
pub fn folders(store: &Store, surroundings: &Surroundings) -> Folders {
    Folders::new(&surroundings.state, store.repository_id())
}

/// Returns the workspace of a repository.
pub fn workspace(folders: &Folders, repository: &Repository, variables: &Variables) -> GitWorkspace {
    let identity = Identity { name: repository.name.clone(), email: repository.email.clone() };
    let places =
        git::GitFolders { mirror: folders.mirror(), clones: folders.clones(), diffs: folders.diffs() };
    GitWorkspace::new(Git::new(variables, identity), Remote::Local(repository.path.clone()), places)
}

/// The forge that a run works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForgeInUse {
    Embedded,
    GitHub,
}

/// Returns the forge of a run: a repository that already uses the embedded forge keeps it.
pub fn choice(choice: ForgeChoice, repository: &Repository) -> ForgeInUse {
    match choice {
        ForgeChoice::Github => ForgeInUse::GitHub,
        ForgeChoice::Auto if repository.is_on_github() && !Store::exists(&repository.common) => {
            ForgeInUse::GitHub
        }
        ForgeChoice::Local | ForgeChoice::Auto => ForgeInUse::Embedded,
    }
}

/// Opens the embedded forge of a repository.
pub fn forge(repository: &Repository, surroundings: &Surroundings) -> Result<Arc<EmbeddedForge>, String> {
    let store = Store::open(&repository.common)?;
    let folders = folders(&store, surroundings);
    files::make_folder(folders.root())?;
    whereabouts::note(&folders, repository.lasting_path())?;
    let workspace = Arc::new(workspace(&folders, repository, &surroundings.variables));
    EmbeddedForge::new(store, workspace).map(Arc::new)
}

/// Returns the base branch of a pull request on the embedded forge, without creating the forge.
pub fn base_of(repository: &Repository, number: PullRequestNumber) -> Option<BranchName> {
    if !Store::exists(&repository.common) {
        return None;
    }
    match Store::open(&repository.common).ok()?.subject(number.0).ok()??.kind {
        SubjectKind::PullRequest { base_ref, .. } => Some(base_ref),
        SubjectKind::Issue(_) => None,
    }
}

/// Returns the folder with the locks of subjects.
pub fn locks(repository: &Repository) -> PathBuf {
    repository.common.join("agent-loop-locks")
}
