//! The tree that a reviewer sees: the head's, except that files that configure agents are from the merge base.

use std::collections::BTreeSet;
use std::path::Path;

use crate::adapters::git::disk::{make_folder, remove};
use crate::adapters::git::mirror::Mirror;
use crate::adapters::git::mirror::facts::ReviewTree;
use crate::adapters::git::runner::{fields, must, one_line, os};
use crate::domain::agent_files::is_agent_file;
use crate::domain::ids::CommitSha;
use crate::ports::workspace::WorkspaceError;

use super::paths::ClonePaths;

/// One line of `git diff-tree --raw` from the merge base to the head.
struct ChangedEntry<'a> {
    /// The mode in the base; zeros if the file does not exist there.
    mode: &'a [u8],
    object: &'a [u8],
    path: &'a [u8],
}

impl ChangedEntry<'_> {
    fn is_new(&self) -> bool {
        self.mode.iter().all(|digit| *digit == b'0')
    }

    fn configures_agents(&self) -> bool {
        is_agent_file(&String::from_utf8_lossy(self.path))
    }
}

/// Creates the tree. One spawn if the change touches no such file, else four.
pub(crate) async fn review_tree(
    mirror: &Mirror,
    paths: &ClonePaths,
    base: &CommitSha,
    head: &CommitSha,
) -> Result<ReviewTree, WorkspaceError> {
    let what = format!("take the configuration of agents in {} from {}", head.short(), base.short());
    let compare = ["diff-tree", "-r", "-z", "--no-renames", "--raw"];
    let compare = mirror.line().arguments(compare).arguments([base.as_str(), head.as_str(), "--"]);
    let output = mirror.must_on(compare, &[base, head], &what).await?;
    let Some(orders) = orders(&changed(&output)) else {
        return Ok(ReviewTree::Head);
    };
    // A separate index: the tree of one reviewer does not affect others.
    let index = paths.review_index();
    make_folder(&paths.folder)?;
    remove(&index.with_extension("lock"))?;
    remove(&index)?;
    let line = || mirror.line_on(&paths.folder, &index);
    must(line().arguments(["read-tree", head.as_str()]), &what).await?;
    let update = line().arguments(["update-index", "-z", "--add", "--replace", "--index-info"]).input(orders);
    must(update, &what).await?;
    let written = must(line().argument("write-tree"), &what).await?;
    remove(&index)?;
    let tree = one_line(&written).parse();
    tree.map(ReviewTree::Restored).map_err(|cause| WorkspaceError::Git(format!("could not {what}: {cause}")))
}

fn changed(output: &[u8]) -> Vec<ChangedEntry<'_>> {
    let mut found = Vec::new();
    let mut fields = fields(output);
    while let (Some(header), Some(path)) = (fields.next(), fields.next()) {
        let mut words = header.strip_prefix(b":").unwrap_or(header).split(|byte| *byte == b' ');
        if let (Some(mode), Some(_), Some(object)) = (words.next(), words.next(), words.next()) {
            found.push(ChangedEntry { mode, object, path });
        }
    }
    found
}

/// Returns the input of `git update-index --index-info` that restores such files of the base; `None` if there are none.
fn orders(changed: &[ChangedEntry<'_>]) -> Option<Vec<u8>> {
    let (agents, others): (Vec<_>, Vec<_>) = changed.iter().partition(|file| file.configures_agents());
    // If the change replaces a folder by a file, that file is reviewed: there are no files below it.
    let replaced: BTreeSet<&[u8]> =
        others.iter().filter(|file| file.is_new()).map(|file| file.path).collect();
    let is_below = |path: &[u8]| {
        let parents = Path::new(os(path)).ancestors().skip(1);
        parents.map(|parent| parent.as_os_str().as_encoded_bytes()).any(|parent| replaced.contains(parent))
    };
    let mut orders = Vec::new();
    // Removed files come first, to make room for the others.
    for file in agents.iter().filter(|file| file.is_new()) {
        order(&mut orders, b"0", file);
    }
    for file in agents.iter().filter(|file| !file.is_new() && !is_below(file.path)) {
        order(&mut orders, file.mode, file);
    }
    (!orders.is_empty()).then_some(orders)
}

fn order(orders: &mut Vec<u8>, mode: &[u8], file: &ChangedEntry<'_>) {
    orders.extend(mode);
    orders.push(b' ');
    orders.extend(file.object);
    orders.push(b'\t');
    orders.extend(file.path);
    orders.push(0);
}
