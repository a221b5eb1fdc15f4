//! The trees on which a command has passed: the command does not run on them again.

use std::path::{Path, PathBuf};

use crate::adapters::digest;
use crate::adapters::files;
use crate::adapters::process::search::{FoundProgram, identity, look_for};
use crate::adapters::process::variables::Variables;
use crate::domain::ids::TreeSha;

use super::settings::GateCommand;

/// The trees on which one command has passed with one setup and one environment.
#[derive(Debug)]
pub(super) struct PassedTrees {
    folder: PathBuf,
}

impl PassedTrees {
    pub(super) fn new(
        cache: &Path,
        command: &GateCommand,
        setup: Option<&GateCommand>,
        variables: &Variables,
    ) -> Self {
        let commands: Vec<String> =
            setup.into_iter().chain([command]).map(|one| fact(one, variables)).collect();
        let path = variables.get(std::ffi::OsStr::new("PATH")).map(|path| path.to_string_lossy());
        let key = format!("{}\0{}", commands.join("\0"), path.unwrap_or_default());
        Self { folder: cache.join(digest::abbreviated(key, 16)) }
    }

    pub(super) fn has(&self, tree: &TreeSha) -> bool {
        self.folder.join(tree.as_str()).is_file()
    }

    /// Remembers a tree. Without it the command only runs once more.
    pub(super) fn add(&self, tree: &TreeSha) {
        let written = files::make_folder(&self.folder)
            .and_then(|()| files::write_over(&self.folder.join(tree.as_str()), b""));
        if let Err(why) = written {
            tracing::warn!(%why, "did not keep a measurement");
        }
    }
}

/// Returns a command with what changes when its program is replaced.
fn fact(command: &GateCommand, variables: &Variables) -> String {
    let words = shlex::split(&command.command).unwrap_or_default();
    let program = words.first().map(|program| look_for(program, variables));
    let program = match program {
        Some(FoundProgram::There(path)) => identity(&path),
        Some(FoundProgram::NotExecutable(_) | FoundProgram::NoFile(_) | FoundProgram::Missing) | None => {
            String::new()
        }
    };
    format!("{}\0{program}", command.command)
}
