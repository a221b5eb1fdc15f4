//! A process that outlives a killed engine and ends its agents, which would otherwise continue and spend. A pipe from the
//! engine closes when the engine ends, for whatever reason.

use std::path::Path;
use std::process::Stdio;

use tokio::process::Child;

use super::command::CommandLine;
use super::supervision::tree::{self, OwnChild};
use super::variables::Variables;

/// A running guard; dropping it ends it.
#[derive(Debug)]
pub struct KillGuard {
    _child: Child,
    _own: OwnChild,
}

impl KillGuard {
    /// Stamps this process, so that all processes of its agents can be found, and starts the hidden command `guard` of this
    /// program for the subjects in a folder. A run works without the guard: then
    /// the next command ends the remaining children of a killed engine.
    pub fn start(program: &Path, subjects: &Path) -> Option<Self> {
        let stamp = tree::stamp().map(|stamp| stamp.to_string());
        let line = CommandLine::new(program, Path::new("/"), Variables::new())
            .arguments(["guard", &std::process::id().to_string()])
            .argument(subjects)
            .arguments(stamp);
        let child = line.child().ok()?.stdin(Stdio::piped()).spawn().ok()?;
        let own = OwnChild::remember(child.id()?);
        Some(Self { _child: child, _own: own })
    }
}
