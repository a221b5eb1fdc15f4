//! The adapter behind each port of a real run. No decision is made here.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::adapters::agent_memory::{LocalAgentMemories, Memory};
use crate::adapters::agents::local::{LocalAgents, Program, RepairAgent};
use crate::adapters::agents::turn_host::{TurnHost, TurnLimit};
use crate::adapters::clock::SystemClock;
use crate::adapters::files;
use crate::adapters::gates::LocalGates;
use crate::adapters::gates::settings::{GateSettings, MeasuredGates};
use crate::adapters::git::WaitNotice;
use crate::adapters::process::supervision::children;
use crate::adapters::storage::journals::FileJournals;
use crate::cli::repository::site::Site;
use crate::cli::surroundings::Surroundings;
use crate::cli::view::terminal::Terminal;
use crate::domain::roster::SeatKey;
use crate::ports::World;
use crate::ports::operator::Operator;
use crate::ports::run_event::RunEvent;

use super::directories::Directories;

/// The parts of a run besides its repository.
#[derive(Debug)]
pub struct RunSettings {
    pub agents: BTreeMap<SeatKey, Program>,
    /// The user's own checkouts in which agents work.
    pub directories: Directories,
    pub agent_limit: TurnLimit,
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
pub fn world(site: &Site, surroundings: &Surroundings, settings: RunSettings) -> Result<World, String> {
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
    let agents = LocalAgents {
        programs: settings.agents,
        repair: settings.repair.program,
        host: TurnHost {
            variables: variables.clone(),
            folders: folders.clone(),
            limit: settings.agent_limit,
            repair_limit: settings.repair.limit,
            idle: settings.agent_idle,
        },
    };
    let gates = GateSettings { measured: settings.gates, variables, folders: folders.clone() };
    let locks = folders.locks().to_owned();
    Ok(World {
        forge: site.forge.port(),
        agents: Arc::new(agents),
        gates: Arc::new(LocalGates::new(&gates)),
        clock: Arc::new(SystemClock),
        journals: Arc::new(FileJournals::new(folders, locks, children::end_leftovers)),
        operator: settings.terminal,
        agent_memories: Arc::new(LocalAgentMemories::new(Arc::clone(&workspace), settings.memory)),
        workspace,
    })
}
