//! Which adapter stands behind which port, for a real run. No decision is made here.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::adapters::agents::program::{LocalAgents, Program, RepairAgent};
use crate::adapters::clock::SystemClock;
use crate::adapters::gates::tests::LocalGates;
use crate::adapters::git::{self, Git, GitWorkspace, Identity, Remote};
use crate::adapters::local::rows::Kind;
use crate::adapters::local::store::Store;
use crate::adapters::local::{Branches, LocalForge};
use crate::adapters::primer::{LocalPrimers, Memory};
use crate::adapters::process::children;
use crate::adapters::process::environment::Variables;
use crate::adapters::state::files;
use crate::adapters::state::folders::Folders;
use crate::adapters::state::journals::FileJournals;
use crate::adapters::state::whereabouts;
use crate::domain::agent::Role;
use crate::domain::ids::{BranchName, Label, PullRequestNumber};
use crate::ports::World;

use super::repository::Repository;
use super::run::directories::Directories;
use super::surroundings::Surroundings;
use super::view::terminal::Terminal;

/// The real world of a run.
#[derive(Debug)]
pub struct RealWorld {
    forge: Arc<LocalForge>,
    agents: LocalAgents,
    workspace: Arc<GitWorkspace>,
    gates: LocalGates,
    journals: FileJournals,
    terminal: Arc<Terminal>,
    primers: LocalPrimers,
}

impl World for RealWorld {
    type Forge = LocalForge;
    type Agents = LocalAgents;
    type Workspace = GitWorkspace;
    type Gates = LocalGates;
    type Clock = SystemClock;
    type Journals = FileJournals;
    type Operator = Terminal;
    type Primers = LocalPrimers;

    fn forge(&self) -> &LocalForge {
        &self.forge
    }

    fn agents(&self) -> &LocalAgents {
        &self.agents
    }

    fn workspace(&self) -> &GitWorkspace {
        &self.workspace
    }

    fn gates(&self) -> &LocalGates {
        &self.gates
    }

    fn clock(&self) -> &SystemClock {
        &SystemClock
    }

    fn journals(&self) -> &FileJournals {
        &self.journals
    }

    fn operator(&self) -> &Terminal {
        &self.terminal
    }

    fn primers(&self) -> &LocalPrimers {
        &self.primers
    }
}

/// The state folder of a repository.
pub fn folders(store: &Store, surroundings: &Surroundings) -> Folders {
    Folders::new(&surroundings.state, store.repository_id())
}

/// The workspace of a repository.
pub fn workspace(folders: &Folders, repository: &Repository, variables: &Variables) -> GitWorkspace {
    let identity = Identity { name: repository.name.clone(), email: repository.email.clone() };
    let places = git::Folders { mirror: folders.mirror(), clones: folders.clones(), diffs: folders.diffs() };
    GitWorkspace::new(Git::new(variables, identity), Remote::Local(repository.path.clone()), places)
}

/// The embedded forge of a repository.
///
/// # Errors
/// When its file can't be used, or the state folder can't be made.
pub fn forge(repository: &Repository, surroundings: &Surroundings) -> Result<Arc<LocalForge>, String> {
    let store = Store::open(&repository.common)?;
    let folders = folders(&store, surroundings);
    files::make_folder(folders.root())?;
    whereabouts::note(&folders, repository.lasting_path())?;
    let workspace = Arc::new(workspace(&folders, repository, &surroundings.variables));
    let branches = Branches::new(repository.common.clone(), &surroundings.variables);
    LocalForge::new(store, branches, workspace).map(Arc::new)
}

/// What a run needs besides its repository.
#[derive(Debug)]
pub struct RunSettings {
    /// Who is behind each role and label.
    pub agents: BTreeMap<(Role, Label), Program>,
    /// Checkouts of the user's own in which agents work.
    pub directories: Directories,
    /// How long a turn may take.
    pub agent_deadline: Duration,
    /// How long an agent may be silent and compute nothing, if that is watched.
    pub agent_idle: Option<Duration>,
    /// Who puts malformed answers into form.
    pub repair: RepairAgent,
    /// The test command.
    pub test_command: Option<String>,
    /// How long it may take.
    pub test_deadline: Duration,
    /// The folder of raw logs, if not the state folder.
    pub logs: Option<PathBuf>,
    /// What is remembered of the repository.
    pub memory: Memory,
    /// Who watches.
    pub terminal: Arc<Terminal>,
}

/// The world of a run in a repository.
///
/// # Errors
/// When the state folder can't be made.
pub fn world(
    repository: &Repository,
    surroundings: &Surroundings,
    forge: Arc<LocalForge>,
    settings: RunSettings,
) -> Result<RealWorld, String> {
    let folders = folders(forge.store(), surroundings).with_logs(settings.logs.as_deref());
    files::make_folder(folders.root())?;
    let variables = surroundings.variables.clone();
    let checkout_folder = match &settings.memory {
        Memory::On(wish) => wish.checkout.clone(),
        Memory::Off => None,
    };
    let workspace = workspace(&folders, repository, &variables)
        .with_checkout_folder(checkout_folder)
        .with_directories(settings.directories);
    let workspace = Arc::new(workspace);
    Ok(RealWorld {
        primers: LocalPrimers::new(Arc::clone(&workspace), settings.memory),
        agents: LocalAgents {
            programs: settings.agents,
            variables: variables.clone(),
            folders: folders.clone(),
            deadline: settings.agent_deadline,
            idle: settings.agent_idle,
            repair: settings.repair,
        },
        workspace,
        gates: LocalGates {
            test_command: settings.test_command,
            deadline: settings.test_deadline,
            variables,
            folders: folders.clone(),
        },
        journals: FileJournals::new(folders, locks(repository), children::end_leftovers),
        terminal: settings.terminal,
        forge,
    })
}

/// The branch that a pull request on the embedded forge wants to change. Makes nothing.
pub fn base_of(repository: &Repository, number: PullRequestNumber) -> Option<BranchName> {
    if !Store::exists(&repository.common) {
        return None;
    }
    match Store::open(&repository.common).ok()?.subject(number.0).ok()??.kind {
        Kind::PullRequest { base_ref, .. } => Some(base_ref),
        Kind::Issue(_) => None,
    }
}

/// Where the locks of subjects lie.
pub fn locks(repository: &Repository) -> PathBuf {
    repository.common.join("agent-loop-locks")
}
