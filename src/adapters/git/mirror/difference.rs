//! The difference of two commits: the changed files, and the diff in a file with its beginning in memory.

use std::path::Path;

use crate::adapters::files;
use crate::adapters::git::disk::{failed, make_folder, rename, write_over};
use crate::adapters::git::runner::{fields, must};
use crate::domain::ids::CommitSha;
use crate::ports::workspace::{Difference, Extent, WorkspaceError};
use crate::protocol::context::ChangedFile;

use super::Mirror;

/// Returns the difference of two commits. Two spawns; git itself writes the diff, so that a huge one is never in memory.
pub(crate) async fn difference(
    mirror: &Mirror,
    diffs: &Path,
    from: &CommitSha,
    to: &CommitSha,
    excerpt_bytes: usize,
) -> Result<Difference, WorkspaceError> {
    let what = format!("compare {} with {}", from.short(), to.short());
    let list = mirror
        .line()
        .arguments(["diff-tree", "-r", "-z", "--no-renames", "--name-status"])
        .arguments([from.as_str(), to.as_str(), "--"]);
    let files = changed_files(&mirror.must_on(list, &[from, to], &what).await?);
    if files.is_empty() {
        return Ok(Difference { files, excerpt: String::new(), extent: Extent::Whole, path: None });
    }
    make_folder(diffs)?;
    let path = diffs.join(format!("{from}..{to}.diff"));
    // The engines of two reviewers may need the same file at the same time.
    let half = diffs.join(format!("{from}..{to}.{}", std::process::id()));
    // git writes to the existing file, and keeps its mode.
    write_over(&half, &[])?;
    let mut option = std::ffi::OsString::from("--output=");
    option.push(&half);
    let line = mirror
        .line()
        .arguments(["diff-tree", "-r", "-p", "-M", "--no-ext-diff", "--no-textconv", "--no-color"])
        .argument(option)
        .arguments([from.as_str(), to.as_str(), "--"]);
    must(line, &what).await?;
    rename(&half, &path)?;
    let (excerpt, extent) = beginning(&path, excerpt_bytes)?;
    Ok(Difference { files, excerpt, extent, path: Some(path) })
}

fn changed_files(output: &[u8]) -> Vec<ChangedFile> {
    let mut files = Vec::new();
    let mut fields = fields(output);
    while let (Some(status), Some(path)) = (fields.next(), fields.next()) {
        files.push(ChangedFile {
            path: String::from_utf8_lossy(path).into_owned(),
            status: String::from_utf8_lossy(status).into_owned(),
        });
    }
    files
}

fn beginning(path: &Path, most: usize) -> Result<(String, Extent), WorkspaceError> {
    let limit = u64::try_from(most).unwrap_or(u64::MAX);
    let bytes = files::read_bounded(path, limit).map_err(|cause| failed("read", path, &cause))?;
    let whole = String::from_utf8_lossy(&bytes);
    if bytes.len() <= most && whole.len() <= most {
        return Ok((whole.into_owned(), Extent::Whole));
    }
    let mut excerpt = String::new();
    for line in whole.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
        if excerpt.len() + line.len() > most {
            break;
        }
        excerpt.push_str(line);
    }
    Ok((excerpt, Extent::Excerpt))
}
