//! The hidden command `guard`, which a run starts: waits for the end of its engine, then ends the engine's remaining
//! children.

use std::io;
use std::path::PathBuf;

use clap::Args;

use crate::adapters::process::supervision::children::end_children_of;
use crate::adapters::storage::folders::Folders;

/// The arguments of `guard`.
#[derive(Debug, Args)]
pub struct GuardArguments {
    /// Process id of the engine
    engine: u32,
    /// Folder of all subjects of the repository
    subjects: PathBuf,
    /// Stamp of the engine's processes, where the system has stamps
    stamp: Option<u64>,
}

/// Waits for the end of the engine, and ends its children.
///
/// # Errors
/// When a child cannot be ended.
pub fn run(arguments: &GuardArguments) -> Result<String, String> {
    let waited = io::copy(&mut io::stdin().lock(), &mut io::sink());
    waited.map_err(|error| format!("could not wait for the engine: {error}"))?;
    end_children_of(arguments.engine, arguments.stamp, &Folders::children_in(&arguments.subjects))?;
    Ok(String::new())
}
