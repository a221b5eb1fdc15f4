//! Finds files that need one of the user's filters before they are committed. No filter runs in an agent's clone, so such a
//! file cannot be committed after an agent has changed it.

use std::fs;
use std::io::Read;
use std::path::Path;

use crate::adapters::files::open_foreign;
use crate::adapters::git::disk::read_file;
use crate::adapters::git::mirror::Mirror;
use crate::adapters::git::runner::{fields, must, os};
use crate::domain::ids::CommitSha;
use crate::ports::workspace::WorkspaceError;

use super::paths::ClonePaths;

/// Filters without which content must not be committed, with the first bytes of a filtered file.
const FILTERS: &[(&[u8], &[u8])] =
    &[(b"lfs", b"version https://git-lfs.github.com/spec/"), (b"git-crypt", b"\0GITCRYPT\0")];

const ATTRIBUTES: &[u8] = b".gitattributes";

/// Returns an error about such a file that changed between two commits, if there is one. The clone has the files of the
/// second commit. No spawn if no file has attributes, else two.
pub(crate) async fn unfiltered(
    mirror: &Mirror,
    paths: &ClonePaths,
    from: &CommitSha,
    to: &CommitSha,
) -> Result<Option<String>, WorkspaceError> {
    let (tree, index) = (&paths.checkout.tree, paths.scratch());
    let names = read_file(&index)?.unwrap_or_default();
    if !names.windows(ATTRIBUTES.len()).any(|name| name == ATTRIBUTES) {
        return Ok(None);
    }
    let what = "read the attributes of what was changed";
    let changed = mirror
        .line()
        .arguments(["diff-tree", "-r", "-z", "--no-renames", "--diff-filter=d", "--name-only"])
        .arguments([from.as_str(), to.as_str()]);
    let paths = must(changed, what).await?;
    let line = mirror.line_on(tree, &index).arguments(["check-attr", "-z", "--stdin", "filter"]).input(paths);
    let attributes = must(line, what).await?;
    let mut attributes = fields(&attributes);
    while let (Some(path), Some(_), Some(filter)) = (attributes.next(), attributes.next(), attributes.next())
    {
        let known = FILTERS.iter().find(|(name, _)| *name == filter);
        if known.is_some_and(|(_, beginning)| lacks(&tree.join(os(path)), beginning)) {
            return Ok(Some(format!(
                "`{}` needs the filter `{}` of .gitattributes, which does not run in an agent's clone; change \
                 this file yourself",
                String::from_utf8_lossy(path),
                String::from_utf8_lossy(filter),
            )));
        }
    }
    Ok(None)
}

/// Returns whether a regular file is not empty and does not start with these bytes.
fn lacks(path: &Path, beginning: &[u8]) -> bool {
    if !fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.len() > 0) {
        return false;
    }
    let mut found = vec![0; beginning.len()];
    let read = open_foreign(path).and_then(|mut file| file.read_exact(&mut found));
    read.is_err() || found != beginning
}
