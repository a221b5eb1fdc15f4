//! Arguments shared by several commands: the repository, JSON output, a text from a file.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

/// The repository of a command.
#[derive(Debug, Clone, Default, Args)]
pub struct RepositoryArgs {
    /// Repository [default: the current folder]
    #[arg(short = 'C', long = "dir", value_name = "PATH")]
    pub dir: Option<PathBuf>,
}

/// The repository of a command about earlier runs, which may have been started outside of any checkout.
#[derive(Debug, Clone, Default, Args)]
pub struct KnownRepositoryArgs {
    #[command(flatten)]
    pub place: RepositoryArgs,
    /// Repository on GitHub [default: that of `origin`]
    #[arg(long, value_name = "OWNER/REPO")]
    pub repo: Option<String>,
}

/// The output of a run for other programs.
#[derive(Debug, Clone, Default, Args)]
pub struct OutputArgs {
    /// Print the outcome on stdout as one JSON object; with `--json=events` also each event before it, one per line.
    /// Messages for people stay on stderr (see --quiet)
    #[arg(long, value_name = "WHAT", num_args = 0..=1, require_equals = true, default_missing_value = "outcome")]
    pub json: Option<JsonOutput>,
}

/// The kind of JSON output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum JsonOutput {
    Outcome,
    /// All events, one per line, then the outcome.
    Events,
}

/// Reads a text from a file, or from stdin if the path is `-`.
pub fn read_text(path: &Path, folder: &Path) -> Result<String, String> {
    let mut text = String::new();
    let (name, read) = if path.as_os_str() == "-" {
        ("stdin".to_owned(), std::io::stdin().lock().read_to_string(&mut text).map(|_| text))
    } else {
        (path.display().to_string(), std::fs::read_to_string(folder.join(path)))
    };
    read.map_err(|error| format!("cannot read {name}: {error}"))
}
