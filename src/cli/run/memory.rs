//! The agent memory, from flags and settings to what the adapter is told.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::adapters::agent_memory::{Memory, MemoryOptions, Refresh};
use crate::adapters::storage::folders::Folders;
use crate::cli::config::settings::AgentMemory;
use crate::cli::surroundings::Surroundings;
use crate::domain::agent_memory::CheckoutFolder;

/// Flags of every run on what agents are told of the repository.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct MemoryArguments {
    /// Do not tell agents what files and manifests say of the repository
    #[arg(long, conflicts_with_all = ["refresh_agent_memory", "refresh_test_profile"])]
    pub no_agent_memory: bool,
    /// Make the agent memory anew, all of it
    #[arg(long)]
    pub refresh_agent_memory: bool,
    /// Make the part of the agent memory anew that is about tests
    #[arg(long)]
    pub refresh_test_profile: bool,
    /// Where the agent memory is kept; a relative path lies inside the coder's checkout, and is never committed [default: in
    /// the cache folder]
    #[arg(long, value_name = "PATH")]
    pub agent_memory_dir: Option<PathBuf>,
}

/// What the adapter is told.
///
/// # Errors
/// When the folder can't be one, or something is to be made anew that is off; the text says what to type.
pub fn memory(
    settings: &AgentMemory,
    arguments: &MemoryArguments,
    surroundings: &Surroundings,
    repository: &Folders,
) -> Result<Memory, String> {
    let refresh = match (arguments.refresh_agent_memory, arguments.refresh_test_profile) {
        (true, _) => Refresh::All,
        (false, true) => Refresh::Tests,
        (false, false) => Refresh::AsNeeded,
    };
    let cache = &surroundings.cache;
    let folder = folder(settings, cache)?;
    if !settings.enabled {
        return match refresh {
            Refresh::AsNeeded => Ok(Memory::Off),
            Refresh::All | Refresh::Tests => Err(
                "the agent memory is off (`agent_memory.enabled = false`), so nothing of it can be made anew; turn it \
                 on in the settings, or leave out --refresh-agent-memory and --refresh-test-profile"
                    .to_owned(),
            ),
        };
    }
    let (root, checkout) = match folder {
        Folder::Here(root) => (root, None),
        Folder::InTheCheckout(checkout) => (cache.clone(), Some(checkout)),
    };
    let cache = repository.beneath(&root).join("agent-memory.json");
    Ok(Memory::On(MemoryOptions { cache, refresh, checkout }))
}

/// Where the memory is to lie.
enum Folder {
    /// In a folder of this machine.
    Here(PathBuf),
    /// In the coder's checkout.
    InTheCheckout(CheckoutFolder),
}

fn folder(settings: &AgentMemory, cache: &Path) -> Result<Folder, String> {
    let Some(asked) = &settings.dir else { return Ok(Folder::Here(cache.to_path_buf())) };
    if asked.is_absolute() {
        return Ok(Folder::Here(asked.clone()));
    }
    let inside = asked.to_string_lossy().parse().map(Folder::InTheCheckout);
    inside.map_err(|why| {
        format!("agent_memory.dir: {why}; give --agent-memory-dir a folder such as `.agent-memory`, or an absolute path")
    })
}
