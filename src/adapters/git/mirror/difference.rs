//! The difference of two commits: the changed files, and the diff in a file with its beginning in memory.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;

use crate::adapters::files;
use crate::adapters::git::disk::{failed, make_folder, remove, rename, write_over};
use crate::domain::ids::CommitSha;
use crate::ports::workspace::{Difference, Extent, WorkspaceError};
use crate::protocol::context::ChangedFile;

use super::Mirror;
use super::raw_diff::{self, RawChange};

/// Returns the difference of two commits. One spawn; git itself writes the diff, so that a huge one is never in memory.
pub(crate) async fn difference(
    mirror: &Mirror,
    diffs: &Path,
    from: &CommitSha,
    to: &CommitSha,
    excerpt_bytes: usize,
) -> Result<Difference, WorkspaceError> {
    make_folder(diffs)?;
    let path = diffs.join(format!("{from}..{to}.diff"));
    // The engines of two reviewers may need the same file at the same time.
    let half = |of: &str| diffs.join(format!("{from}..{to}.{}.{of}", std::process::id()));
    let (listed, lines) = (half("listed"), half("lines"));
    mirror.write_diff(from, to, &[], &listed).await?;
    let mut diff = raw_diff::open(&listed)?;
    if !diff.files.is_empty() {
        // A diff for people, without the list.
        write_over(&lines, &[])?;
        let mut whole =
            OpenOptions::new().append(true).open(&lines).map_err(|cause| failed("open", &lines, &cause))?;
        io::copy(&mut diff.lines, &mut whole).map_err(|cause| failed("write", &lines, &cause))?;
        rename(&lines, &path)?;
    }
    remove(&listed)?;
    if diff.files.is_empty() {
        return Ok(Difference {
            files: Vec::new(),
            excerpt: String::new(),
            extent: Extent::Whole,
            path: None,
        });
    }
    let (excerpt, extent) = beginning(&path, excerpt_bytes)?;
    Ok(Difference { files: changed_files(&diff.files), excerpt, extent, path: Some(path) })
}

/// Returns the files in the order of their paths, with git's letters. A renamed file is a deleted and a new one.
fn changed_files(files: &[RawChange]) -> Vec<ChangedFile> {
    let file = |path: &String, status: &str| ChangedFile { path: path.clone(), status: status.to_owned() };
    let renamed = files.iter().filter_map(|change| change.renamed_from.as_ref()).map(|path| file(path, "D"));
    let mut changed: Vec<ChangedFile> =
        files.iter().map(|change| file(&change.path, change.letter())).collect();
    changed.extend(renamed);
    changed.sort_by(|one, other| one.path.cmp(&other.path));
    changed
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
