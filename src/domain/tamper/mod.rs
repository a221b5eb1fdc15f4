//! Changes that weaken the checks instead of the problem: observed facts about a change, a policy with one row per kind, and
//! the findings that follow. Pure; knows no git and no forge.

pub mod judge;
pub mod lines;
pub mod links;
pub mod manifests;
pub mod markers;
pub mod policy;
pub mod scope;
pub mod tables;

use lines::LineFacts;
use links::TreeLinks;
use scope::StatedScope;

/// The type of a file in a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileMode {
    Plain,
    Executable,
    Link,
    Submodule,
}

/// Whether the bytes of a path are UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathBytes {
    Utf8,
    Other,
}

/// One file that a change touches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TouchedFile {
    /// The path on the head; for a deleted file, its path on the base. Invalid UTF-8 is replaced.
    pub path: String,
    pub path_bytes: PathBytes,
    /// The old path of a renamed file.
    pub renamed_from: Option<String>,
    /// The type on the base; `None` for a new file.
    pub before: Option<FileMode>,
    /// The type on the head; `None` for a deleted file.
    pub after: Option<FileMode>,
    pub lines: LineFacts,
    /// The sections of a manifest that configure tools and differ between base and head.
    pub sections: Vec<&'static manifests::ManifestSection>,
}

impl TouchedFile {
    /// Returns the new and the old path.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.path.as_str()).chain(self.renamed_from.as_deref())
    }
}

/// The facts about a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeChange {
    pub files: Vec<TouchedFile>,
    /// The words of the commands that gates run.
    pub command_words: Vec<String>,
    /// All symbolic links of the head, if the change touches one.
    pub links: TreeLinks,
    pub scope: StatedScope,
}
