//! Reads a diff that git wrote to a file with `-z --raw -p`: the list of changed files, then their changed lines.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use crate::adapters::clock::SystemClock;
use crate::adapters::git::disk::{failed, write_over};
use crate::domain::ids::CommitSha;
use crate::ports::clock::Clock;
use crate::ports::workspace::WorkspaceError;

use super::Mirror;

/// The options of git for such a diff. A path cannot end the list: only an empty field does.
const RAW_DIFF: &[&str] = &[
    "diff-tree",
    "-r",
    "-z",
    "-M",
    "--raw",
    "--no-abbrev",
    "-p",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    // A file may call itself binary to hide its lines.
    "--text",
];

/// The mode of a file that does not exist.
const ABSENT: &str = "000000";

/// A changed file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawChange {
    /// The mode on the base, `000000` for a new file.
    pub old_mode: String,
    /// The mode on the head, `000000` for a deleted file.
    pub new_mode: String,
    /// The path on the head, or that of the deleted file; invalid UTF-8 is replaced.
    pub path: String,
    pub is_utf8: bool,
    pub renamed_from: Option<String>,
}

impl RawChange {
    /// Returns git's letter for the change: a renamed file is a new one, a file that became a link has another type.
    pub(super) fn letter(&self) -> &'static str {
        let kind = |mode: &str| mode.get(..3).map(ToOwned::to_owned);
        if self.renamed_from.is_some() || self.old_mode == ABSENT {
            "A"
        } else if self.new_mode == ABSENT {
            "D"
        } else if kind(&self.old_mode) == kind(&self.new_mode) {
            "M"
        } else {
            "T"
        }
    }
}

/// A diff.
#[derive(Debug)]
pub struct RawDiff {
    /// The changed files, in the order of the diff.
    pub files: Vec<RawChange>,
    /// The rest of the file: the diff itself.
    pub lines: BufReader<File>,
}

/// Writes the difference of two commits to a file. One spawn.
pub(super) async fn write(
    mirror: &Mirror,
    from: &CommitSha,
    to: &CommitSha,
    file: &Path,
) -> Result<(), WorkspaceError> {
    // git writes to the existing file, and keeps its mode.
    write_over(file, &[])?;
    let mut output = OsString::from("--output=");
    output.push(file);
    let line = mirror.line().arguments(RAW_DIFF).argument(output);
    let what = format!("compare {} with {}", from.short(), to.short());
    mirror.must_on(line.arguments([from.as_str(), to.as_str(), "--"]), &[from, to], &what).await.map(drop)
}

/// A word that only this process knows: an agent cannot leave a difference of its own for a gate.
static WORD: LazyLock<String> = LazyLock::new(|| SystemClock.secret());

/// Returns the file in which the difference of two commits is left for another reader in this process.
pub(super) fn shared(diffs: &Path, from: &CommitSha, to: &CommitSha) -> PathBuf {
    diffs.join(format!("{from}..{to}.{}.listed", *WORD))
}

/// Takes the difference of two commits as a file, which must be a path on the same disk: the one that was left, or a new one.
/// At most one spawn.
pub(crate) async fn taken(
    mirror: &Mirror,
    diffs: &Path,
    from: &CommitSha,
    to: &CommitSha,
    file: &Path,
) -> Result<RawDiff, WorkspaceError> {
    if fs::rename(shared(diffs, from, to), file).is_err() {
        write(mirror, from, to, file).await?;
    }
    open(file)
}

/// Opens a file with a diff, and reads the list.
pub(crate) fn open(path: &Path) -> Result<RawDiff, WorkspaceError> {
    let cannot = |cause: io::Error| failed("read the diff", path, &cause);
    let mut lines = BufReader::new(File::open(path).map_err(cannot)?);
    let mut files = Vec::new();
    while let Some(facts) = field(&mut lines).map_err(cannot)? {
        let first = field(&mut lines).map_err(cannot)?;
        let facts = String::from_utf8_lossy(&facts).into_owned();
        let words: Vec<&str> = facts.trim_start_matches(':').split(' ').collect();
        let ([old_mode, new_mode, _, _, status], Some(first)) = (words.as_slice(), first) else {
            let text = format!("{} is not a diff with a list of files", path.display());
            return Err(WorkspaceError::Git(text));
        };
        let second = if status.starts_with('R') { field(&mut lines).map_err(cannot)? } else { None };
        let text = |path: &[u8]| String::from_utf8_lossy(path).into_owned();
        let path = second.as_ref().unwrap_or(&first);
        files.push(RawChange {
            old_mode: (*old_mode).to_owned(),
            new_mode: (*new_mode).to_owned(),
            path: text(path),
            is_utf8: std::str::from_utf8(path).is_ok(),
            renamed_from: second.as_ref().map(|_| text(&first)),
        });
    }
    Ok(RawDiff { files, lines })
}

/// Reads a field up to NUL; `None` for an empty one, or at the end of the file.
fn field(diff: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut field = Vec::new();
    diff.read_until(0, &mut field)?;
    if field.last() == Some(&0) {
        field.pop();
    }
    Ok((!field.is_empty()).then_some(field))
}
