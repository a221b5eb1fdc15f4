//! The paths of a checkout: its files, its git folder, and the git folder that linked checkouts share.

use std::fs;
use std::path::{Path, PathBuf};

use super::disk::{is_plain_folder, read_at_most};
use super::mirror::refs::common_folder;

/// The maximum size of the `.git` file of a linked checkout.
const LINK_BYTES: u64 = 4096;

/// The paths of a checkout in which an agent works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CheckoutPaths {
    pub(crate) tree: PathBuf,
    /// The folder with HEAD and the index. No git process of ours uses it as its git folder.
    pub(crate) git: PathBuf,
    /// The folder with objects and branches; it differs from `git` only in a linked checkout.
    pub(crate) common: PathBuf,
}

impl CheckoutPaths {
    /// Returns the paths of a checkout with its own git folder. The checkout may not exist yet.
    pub(crate) fn standalone(tree: PathBuf) -> Self {
        let git = tree.join(".git");
        Self { tree, common: git.clone(), git }
    }

    /// Finds the paths of the checkout with this root; the results contain no links.
    pub(crate) fn find(root: &Path) -> Option<Self> {
        let tree = root.canonicalize().ok()?;
        let dot = tree.join(".git");
        let kind = fs::symlink_metadata(&dot).ok()?;
        if kind.is_dir() {
            return Some(Self::standalone(tree));
        }
        if !kind.is_file() {
            return None;
        }
        let text = String::from_utf8(read_at_most(&dot, LINK_BYTES)?).ok()?;
        let git = tree.join(text.strip_prefix("gitdir: ")?.trim_end_matches('\n')).canonicalize().ok()?;
        let common = common_folder(&tree)?.canonicalize().ok()?;
        (is_plain_folder(&git) && is_plain_folder(&common)).then_some(Self { tree, git, common })
    }
}
