//! How often the commands of a run have called their forge: a file for each run, because journals know only agents.

use std::path::PathBuf;

use crate::adapters::files;
use crate::adapters::storage::folders::Folders;
use crate::domain::forge_calls::ForgeCalls;
use crate::domain::ids::RunId;

/// The largest file, in bytes.
const LONGEST: u64 = 4096;

fn path(folders: &Folders, run: &RunId) -> PathBuf {
    folders.usage().join(format!("{run}-forge-calls.json"))
}

/// Adds the calls of a command, and returns those of all commands of the run. A forge on this machine counts none.
pub fn add(folders: &Folders, run: &RunId, calls: ForgeCalls) -> Result<ForgeCalls, String> {
    let all = read(folders, run).plus(calls);
    if calls.all() > 0 {
        files::make_folder(&folders.usage())?;
        let text = serde_json::to_vec(&all).map_err(|error| error.to_string())?;
        files::write_whole(&path(folders, run), &text)?;
    }
    Ok(all)
}

/// Reads the calls of a run; none, if they are unknown.
pub fn read(folders: &Folders, run: &RunId) -> ForgeCalls {
    let text = files::read_bounded(&path(folders, run), LONGEST).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}
