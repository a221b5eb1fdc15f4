//! The difference of two commits: the changed files, and the diff in a file with its beginning in memory.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

use crate::adapters::files;
use crate::adapters::git::disk::{failed, make_folder, rename, write_over};
use crate::domain::ids::CommitSha;
use crate::ports::workspace::{Difference, Extent, WorkspaceError};
use crate::protocol::context::ChangedFile;

use super::Mirror;
use super::raw_diff::{self, RawChange};

/// The longest piece of a line that is read at once, in bytes.
const PIECE: u64 = 64 << 10;

/// Returns the difference of two commits. One spawn; git itself writes the diff, so that a huge one is never in memory. What git
/// wrote remains for the gates, see `raw_diff::taken`.
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
    raw_diff::write(mirror, from, to, &listed).await?;
    let mut diff = raw_diff::open(&listed)?;
    if !diff.files.is_empty() {
        write_over(&lines, &[])?;
        let written = OpenOptions::new()
            .write(true)
            .open(&lines)
            .and_then(|whole| write_readable(&mut diff.lines, whole));
        written.map_err(|cause| failed("write", &lines, &cause))?;
        rename(&lines, &path)?;
    }
    rename(&listed, &raw_diff::shared(diffs, from, to))?;
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

/// The place of a line in a file's section of a diff.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SectionPlace {
    Header,
    Content,
    /// The content is binary, and is left out.
    Omitted,
}

/// Writes a diff for people: without the content of binary files.
fn write_readable(diff: &mut impl BufRead, file: File) -> io::Result<()> {
    let mut out = BufWriter::new(file);
    let (mut place, mut piece, mut is_new_line) = (SectionPlace::Header, Vec::new(), true);
    // The lengths of the output, and of the output before the content of the file.
    let (mut written, mut before) = (0, 0);
    while {
        piece.clear();
        diff.by_ref().take(PIECE).read_until(b'\n', &mut piece)? > 0
    } {
        let begins = |text: &[u8]| is_new_line && piece.starts_with(text);
        if begins(b"diff --git ") {
            place = SectionPlace::Header;
        } else if place == SectionPlace::Header && begins(b"--- ") {
            (place, before) = (SectionPlace::Content, written);
        }
        is_new_line = piece.ends_with(b"\n");
        match place {
            SectionPlace::Content if piece.contains(&0) => {
                out.seek(SeekFrom::Start(before))?;
                (place, written) = (SectionPlace::Omitted, before);
                piece = b"Binary files differ\n".to_vec();
            }
            SectionPlace::Header | SectionPlace::Content => {}
            SectionPlace::Omitted => continue,
        }
        out.write_all(&piece)?;
        written = written.saturating_add(u64::try_from(piece.len()).unwrap_or_default());
    }
    out.flush()?;
    out.get_ref().set_len(written)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binary_contents_are_left_out() {
        let text = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-diff --git \n+b\n";
        let binary = format!(
            "diff --git a/y b/y\nindex 1..2\n--- a/y\n+++ b/y\n@@ -1 +1 @@\n+{}\0\n",
            "y".repeat(70_000)
        );
        let mut file = tempfile::tempfile().unwrap();
        let diff = [text, &binary, text].concat();
        write_readable(&mut diff.as_bytes(), file.try_clone().unwrap()).unwrap();
        let mut written = String::new();
        file.seek(SeekFrom::Start(0)).unwrap();
        file.read_to_string(&mut written).unwrap();
        let expected = ["diff --git a/y b/y\nindex 1..2\nBinary files differ\n"];
        assert_eq!(written, [text, expected[0], text].concat());
    }
}
