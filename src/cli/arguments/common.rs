//! Arguments shared by several commands: the repository, JSON output, a text from a file.

use std::fs::File;
use std::io::{self, Read};
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

/// The maximum length of a text in a file, in bytes.
const LONGEST_TEXT: u64 = 1 << 20;

/// Reads a text from a file, or from stdin if the path is `-`.
///
/// # Errors
/// When it cannot be read, is not UTF-8, or is longer than 1 MiB.
pub fn read_text(path: &Path, folder: &Path) -> Result<String, String> {
    let (name, source): (String, io::Result<Box<dyn Read>>) = if path.as_os_str() == "-" {
        ("stdin".to_owned(), Ok(Box::new(io::stdin().lock())))
    } else {
        let file = File::open(folder.join(path)).map(|file| -> Box<dyn Read> { Box::new(file) });
        (path.display().to_string(), file)
    };
    let mut text = String::new();
    let read = source.and_then(|source| source.take(LONGEST_TEXT + 1).read_to_string(&mut text));
    match read {
        Ok(length) if u64::try_from(length).is_ok_and(|length| length <= LONGEST_TEXT) => Ok(text),
        Ok(_) => Err(format!("{name} is longer than 1 MiB")),
        Err(error) => Err(format!("cannot read {name}: {error}")),
    }
}
