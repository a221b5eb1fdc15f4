//! The differences between an index of ours and the files of an agent, as paths for git's stdin.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use crate::adapters::git::runner::{fields, os};
use crate::domain::agent_memory::CheckoutFolder;
use crate::domain::ids::CommitSha;

/// Paths in the form of git's stdin.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// Files in the index that differ or are missing. They come first, to make room for the others.
    pub(super) tracked: BTreeSet<Vec<u8>>,
    /// Files that are neither in the index nor ignored; the path of a nested repository ends with a slash.
    pub(super) others: BTreeSet<Vec<u8>>,
    pub(super) submodules: BTreeMap<Vec<u8>, CommitSha>,
}

impl Changes {
    /// Parses the output of `git ls-files -t -z`.
    pub(super) fn parse(output: &[u8]) -> Self {
        let mut changes = Self::default();
        for field in fields(output) {
            match field.split_at_checked(2) {
                Some((b"? ", path)) => changes.others.insert(path.to_vec()),
                Some((_, path)) => changes.tracked.insert(path.to_vec()),
                None => false,
            };
        }
        changes
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.tracked.is_empty() && self.others.is_empty() && self.submodules.is_empty()
    }

    pub(crate) fn first(&self) -> Option<String> {
        let first = self.tracked.iter().chain(&self.others).next();
        first.map(|path| String::from_utf8_lossy(path).into_owned())
    }

    pub(crate) fn files(&self) -> impl Iterator<Item = &Vec<u8>> {
        self.tracked.iter().chain(&self.others)
    }

    /// Returns the paths of files, each followed by NUL.
    pub(crate) fn input(&self) -> Vec<u8> {
        self.files().flat_map(|path| [path, &b"\0"[..]].concat()).collect()
    }

    /// Returns the submodules in the form of `git update-index -z --index-info`.
    pub(crate) fn submodule_input(&self) -> Vec<u8> {
        let lines = self.submodules.iter();
        lines
            .flat_map(|(path, commit)| [format!("160000 {commit}\t").as_bytes(), path, b"\0"].concat())
            .collect()
    }

    /// Leaves out a folder of ours, and anything that replaced it.
    pub(crate) fn leave_out(&mut self, folder: &CheckoutFolder) {
        self.tracked.retain(|path| !folder.holds(path));
        self.others.retain(|path| !folder.holds(path));
    }

    /// Adds ignored files that the agent staged, if they still exist.
    pub(crate) fn force(&mut self, tree: &Path, paths: &[u8]) {
        for path in fields(paths) {
            let there = fs::symlink_metadata(tree.join(os(path))).is_ok_and(|metadata| !metadata.is_dir());
            if there && !is_beyond_link(tree, path) && !self.tracked.contains(path) {
                self.others.insert(path.to_vec());
            }
        }
    }
}

/// Returns whether a path is below a link.
pub(super) fn is_beyond_link(tree: &Path, path: &[u8]) -> bool {
    let path: &OsStr = os(path);
    Path::new(path)
        .ancestors()
        .skip(1)
        .filter(|ancestor| !ancestor.as_os_str().is_empty())
        .any(|ancestor| fs::symlink_metadata(tree.join(ancestor)).is_ok_and(|metadata| metadata.is_symlink()))
}
