//! The cache file of an agent memory. A damaged file, or one of another version, is ignored.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::adapters::files;
use crate::domain::agent_memory::AgentMemory;
use crate::domain::digest;

/// The version of the content; increased when older memories are no longer valid.
const VERSION: u32 = 1;
/// The maximum size of a cache file.
const BYTES: usize = 1024 * 1024;

#[derive(Debug, Serialize, Deserialize)]
struct CacheFile {
    version: u32,
    digest: String,
    memory: AgentMemory,
}

/// Loads an agent memory, if the file is valid.
pub(super) fn load(path: &Path) -> Option<AgentMemory> {
    let bytes = files::read_foreign(path, BYTES).ok().filter(|bytes| bytes.len() <= BYTES)?;
    let file: CacheFile = serde_json::from_slice(&bytes).ok()?;
    let is_valid =
        file.version == VERSION && digest_of(&file.memory).is_ok_and(|digest| digest == file.digest);
    is_valid.then_some(file.memory)
}

/// Saves an agent memory, unless the file already contains it.
pub(super) fn save(path: &Path, memory: &AgentMemory) -> Result<(), String> {
    if load(path).as_ref() == Some(memory) {
        return Ok(());
    }
    let wrong = |error: serde_json::Error| format!("could not write {}: {error}", path.display());
    let file =
        CacheFile { version: VERSION, digest: digest_of(memory).map_err(wrong)?, memory: memory.clone() };
    let bytes = serde_json::to_vec(&file).map_err(wrong)?;
    files::make_folder(path.parent().unwrap_or(path))?;
    files::write_whole(path, &bytes)
}

fn digest_of(memory: &AgentMemory) -> Result<String, serde_json::Error> {
    serde_json::to_vec(memory).map(digest::sha256)
}
