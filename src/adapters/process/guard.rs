//! A process that outlives a killed engine and ends its agents, which would otherwise continue and spend. A pipe from the
//! engine closes when the engine ends, for whatever reason.

use std::path::Path;
use std::process::Stdio;

use tokio::process::Child;

use super::command::CommandLine;
use super::supervision::tree::{self, OwnChild};
use super::variables::Variables;

/// Waits until the pipe on stdin closes, then becomes the program in its arguments. A shell that waits needs a tenth of the
/// memory of this program.
const WAIT: &str = r#"read -r _; exec "$@""#;

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
        let line = CommandLine::new("/bin/sh", "/", Variables::new())
            .arguments(["-c", WAIT, "sh"])
            .argument(program)
            .arguments(["guard", &std::process::id().to_string()])
            .argument(subjects)
            .arguments(stamp);
        let child = line.child().ok()?.stdin(Stdio::piped()).spawn().ok()?;
        let own = OwnChild::remember(child.id()?);
        Some(Self { _child: child, _own: own })
    }
}
