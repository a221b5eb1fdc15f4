//! The file that an agent memory is kept in. One that is damaged, or of another version, is as good as none.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::adapters::digest;
use crate::adapters::files;
use crate::domain::agent_memory::AgentMemory;

/// Goes up when an agent memory of an older program would say other things.
const VERSION: u32 = 1;
/// A file that is longer is none of ours.
const BYTES: usize = 1024 * 1024;

#[derive(Debug, Serialize, Deserialize)]
struct CacheFile {
    version: u32,
    digest: String,
    memory: AgentMemory,
}

/// The agent memory in a file, if there is one that is whole.
pub(super) fn load(path: &Path) -> Option<AgentMemory> {
    let bytes = files::read_foreign(path, BYTES).ok().filter(|bytes| bytes.len() <= BYTES)?;
    let kept: CacheFile = serde_json::from_slice(&bytes).ok()?;
    let is_whole =
        kept.version == VERSION && digest_of(&kept.memory).is_ok_and(|digest| digest == kept.digest);
    is_whole.then_some(kept.memory)
}

/// Keeps an agent memory.
pub(super) fn save(path: &Path, memory: &AgentMemory) -> Result<(), String> {
    let wrong = |error: serde_json::Error| format!("could not write {}: {error}", path.display());
    let kept =
        CacheFile { version: VERSION, digest: digest_of(memory).map_err(wrong)?, memory: memory.clone() };
    let bytes = serde_json::to_vec(&kept).map_err(wrong)?;
    files::make_folder(path.parent().unwrap_or(path))?;
    files::write_whole(path, &bytes)
}

fn digest_of(memory: &AgentMemory) -> Result<String, serde_json::Error> {
    serde_json::to_vec(memory).map(digest::sha256)
}
