//! The agent memory: from settings to the options of its adapter.

use std::path::{Path, PathBuf};

use crate::adapters::agent_memory::{Memory, MemoryOptions, Refresh};
use crate::adapters::storage::folders::Folders;
use crate::cli::config::settings::AgentMemorySettings;
use crate::cli::surroundings::Surroundings;
use crate::domain::agent_memory::CheckoutFolder;

/// Returns the options of the agent memory.
pub fn memory(
    settings: &AgentMemorySettings,
    refresh: Refresh,
    surroundings: &Surroundings,
    repository: &Folders,
) -> Result<Memory, String> {
    let cache = &surroundings.cache;
    let folder = folder(settings, cache)?;
    if !settings.enabled {
        return match refresh {
            Refresh::AsNeeded => Ok(Memory::Off),
            Refresh::All | Refresh::Tests => Err(
                "the agent memory is off (`agent_memory.enabled = false`), so it cannot be renewed; turn it \
                 on in the settings, or leave out --refresh-agent-memory and --refresh-test-profile"
                    .to_owned(),
            ),
        };
    }
    let (root, checkout) = match folder {
        Folder::OnThisMachine(root) => (root, None),
        Folder::InTheCheckout(checkout) => (cache.clone(), Some(checkout)),
    };
    let cache = repository.beneath(&root).join("agent-memory.json");
    Ok(Memory::On(MemoryOptions { cache, refresh, checkout }))
}

enum Folder {
    OnThisMachine(PathBuf),
    InTheCheckout(CheckoutFolder),
}

fn folder(settings: &AgentMemorySettings, cache: &Path) -> Result<Folder, String> {
    let Some(asked) = &settings.dir else { return Ok(Folder::OnThisMachine(cache.to_path_buf())) };
    if asked.is_absolute() {
        return Ok(Folder::OnThisMachine(asked.clone()));
    }
    let inside = asked.to_string_lossy().parse().map(Folder::InTheCheckout);
    inside.map_err(|why| {
        format!("agent_memory.dir: {why}; give --agent-memory-dir a folder such as `.agent-memory`, or an absolute path")
    })
}
