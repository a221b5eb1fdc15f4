//! The adapter behind each port of a real run. No decision is made here.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::adapters::agent_memory::{LocalAgentMemories, Memory};
use crate::adapters::agents::local::{LocalAgents, Program, RepairAgent};
use crate::adapters::agents::turn_host::TurnHost;
use crate::adapters::any_forge::AnyForge;
use crate::adapters::clock::SystemClock;
use crate::adapters::files;
use crate::adapters::gates::LocalGates;
use crate::adapters::gates::settings::{GateSettings, MeasuredGates};
use crate::adapters::git::{GitWorkspace, WaitNotice};
use crate::adapters::process::supervision::children;
use crate::adapters::storage::journals::FileJournals;
use crate::cli::repository::site::Site;
use crate::cli::surroundings::Surroundings;
use crate::cli::view::terminal::Terminal;
use crate::domain::agent::Role;
use crate::domain::ids::Label;
use crate::ports::World;
use crate::ports::operator::Operator;
use crate::ports::run_event::RunEvent;

use super::directories::Directories;

/// The real implementation of the ports.
#[derive(Debug)]
pub struct RealWorld {
    forge: Arc<AnyForge>,
    agents: LocalAgents,
    workspace: Arc<GitWorkspace>,
    gates: LocalGates,
    journals: FileJournals,
    terminal: Arc<Terminal>,
    agent_memories: LocalAgentMemories,
}

impl World for RealWorld {
    type Forge = AnyForge;
    type Agents = LocalAgents;
    type Workspace = GitWorkspace;
    type Gates = LocalGates;
    type Clock = SystemClock;
    type Journals = FileJournals;
    type Operator = Terminal;
    type AgentMemories = LocalAgentMemories;

    fn forge(&self) -> &AnyForge {
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

    fn agent_memories(&self) -> &LocalAgentMemories {
        &self.agent_memories
    }
}

/// The parts of a run besides its repository.
#[derive(Debug)]
pub struct RunSettings {
    pub agents: BTreeMap<(Role, Label), Program>,
    /// The user's own checkouts in which agents work.
    pub directories: Directories,
    pub agent_deadline: Duration,
    /// The idle time limit of an agent; `None` for no limit.
    pub agent_idle: Option<Duration>,
    pub repair: RepairAgent,
    pub gates: MeasuredGates,
    /// The folder of raw logs, if not the state folder.
    pub logs: Option<PathBuf>,
    pub memory: Memory,
    pub terminal: Arc<Terminal>,
}

/// Creates the world of a run in a repository.
pub fn world(site: Site, surroundings: &Surroundings, settings: RunSettings) -> Result<RealWorld, String> {
    let folders = site.folders.clone().with_logs(settings.logs.as_deref());
    files::make_folder(folders.root())?;
    let variables = surroundings.variables.clone();
    let checkout_folder = match &settings.memory {
        Memory::On(options) => options.checkout.clone(),
        Memory::Off => None,
    };
    let terminal = Arc::clone(&settings.terminal);
    let notice = WaitNotice::new(move |text| terminal.tell(&RunEvent::Warning { text }));
    let workspace = site
        .workspace(&variables)
        .with_wait_notice(notice)
        .with_checkout_folder(checkout_folder)
        .with_directories(settings.directories);
    let workspace = Arc::new(workspace);
    Ok(RealWorld {
        agent_memories: LocalAgentMemories::new(Arc::clone(&workspace), settings.memory),
        agents: LocalAgents {
            programs: settings.agents,
            repair: settings.repair.program,
            host: TurnHost {
                variables: variables.clone(),
                folders: folders.clone(),
                deadline: settings.agent_deadline,
                repair_deadline: settings.repair.deadline,
                idle: settings.agent_idle,
            },
        },
        workspace,
        gates: LocalGates::new(&GateSettings {
            measured: settings.gates,
            variables,
            folders: folders.clone(),
        }),
        journals: FileJournals::new(folders.clone(), folders.locks().to_owned(), children::end_leftovers),
        terminal: settings.terminal,
        forge: site.forge,
    })
}
