//! What differs between an index of ours and the files of an agent, and the repositories that it hid among them.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::adapters::git::disk::{is_plain_folder, remove};
use crate::adapters::git::mirror::Mirror;
use crate::adapters::git::runner::{fields, must, os};
use crate::adapters::git::user_checkout::checkout::UserCheckout;
use crate::adapters::git::workplace::Workplace;
use crate::domain::agent_memory::CheckoutFolder;
use crate::ports::workspace::WorkspaceError;

/// A repository in a repository in a repository: deeper is not believed.
const NESTING: usize = 16;

/// Paths, as git wants them on its stdin.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// Known to the index and different or gone. They go first, to make room for the others.
    tracked: BTreeSet<Vec<u8>>,
    /// Not known to the index and not ignored.
    others: BTreeSet<Vec<u8>>,
}

impl Changes {
    pub(crate) fn is_empty(&self) -> bool {
        self.tracked.is_empty() && self.others.is_empty()
    }

    pub(crate) fn first(&self) -> Option<String> {
        let first = self.tracked.iter().chain(&self.others).next();
        first.map(|path| String::from_utf8_lossy(path).into_owned())
    }

    /// The paths, each followed by NUL.
    pub(crate) fn input(&self) -> Vec<u8> {
        let mut input = Vec::new();
        for path in self.tracked.iter().chain(&self.others) {
            input.extend(path);
            input.push(0);
        }
        input
    }

    /// Leaves out a folder of ours, and whatever was put in its place.
    pub(crate) fn leave_out(&mut self, folder: &CheckoutFolder) {
        self.tracked.retain(|path| !folder.holds(path));
        self.others.retain(|path| !folder.holds(path));
    }

    /// Adds files that git was told about although they are ignored, as far as they are still there.
    pub(crate) fn force(&mut self, tree: &Path, paths: &[u8]) {
        for path in fields(paths) {
            let there = fs::symlink_metadata(tree.join(os(path))).is_ok_and(|metadata| !metadata.is_dir());
            if there && !is_beyond_link(tree, path) && !self.tracked.contains(path) {
                self.others.insert(path.to_vec());
            }
        }
    }
}

/// Lists what differs. A repository that the agent made inside loses its `.git`, so that its files are committed and not
/// a link to a commit that nobody has. One spawn, one more for each level of such repositories.
pub(crate) async fn changes(
    mirror: &Mirror,
    workplace: &Workplace,
    index: &Path,
) -> Result<Changes, WorkspaceError> {
    let paths = workplace.paths();
    let tree = &paths.checkout.tree;
    for _ in 0..NESTING {
        let line = mirror.line_on(tree, index).arguments([
            "ls-files",
            "-z",
            "-t",
            "-m",
            "-d",
            "-o",
            "--exclude-standard",
        ]);
        let line = line.arguments(workplace.user_checkout().and_then(UserCheckout::excludes));
        let output = must(line, "list the changed files of a clone").await?;
        let listed = parse(&output);
        let nested: Vec<PathBuf> = listed
            .others
            .iter()
            .filter_map(|path| path.strip_suffix(b"/"))
            .map(|path| tree.join(os(path)).join(".git"))
            .collect();
        if nested.is_empty() {
            return settled(tree, listed);
        }
        if let Some(checkout) = workplace.user_checkout() {
            let inside: Vec<String> = nested.iter().map(|git| git.display().to_string()).collect();
            return Err(checkout
                .unclean(&format!("a repository inside it is not ours to remove: {}", inside.join(", "))));
        }
        for git in nested {
            remove(&git)?;
        }
    }
    Err(WorkspaceError::Git(format!(
        "{} holds repositories nested too deeply to be committed",
        tree.display()
    )))
}

fn parse(output: &[u8]) -> Changes {
    let mut changes = Changes::default();
    for field in fields(output) {
        match field.split_at_checked(2) {
            Some((b"? ", path)) => changes.others.insert(path.to_vec()),
            Some((_, path)) => changes.tracked.insert(path.to_vec()),
            None => false,
        };
    }
    changes
}

fn settled(tree: &Path, mut changes: Changes) -> Result<Changes, WorkspaceError> {
    // Where a folder became a link, adding the link removes what was in the folder.
    changes.tracked.retain(|path| !is_beyond_link(tree, path));
    for path in &changes.tracked {
        let folder = tree.join(os(path));
        if is_plain_folder(&folder) && fs::symlink_metadata(folder.join(".git")).is_ok() {
            return Err(WorkspaceError::Git(format!(
                "the submodule {} was moved to a commit that only the clone has; push it where it belongs, and \
                 restore the submodule in {}",
                String::from_utf8_lossy(path),
                tree.display()
            )));
        }
    }
    Ok(changes)
}

fn is_beyond_link(tree: &Path, path: &[u8]) -> bool {
    let path: &OsStr = os(path);
    Path::new(path)
        .ancestors()
        .skip(1)
        .filter(|ancestor| !ancestor.as_os_str().is_empty())
        .any(|ancestor| fs::symlink_metadata(tree.join(ancestor)).is_ok_and(|metadata| metadata.is_symlink()))
}
