//! The source files for the rules: the paths that each file uses, the items that it defines, and the file behind a path.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use super::reader;

/// A path from its root: `crate::domain::ids::Label`, `std::env::var`, or a name alone if its origin is unknown.
pub(super) type FullPath = Vec<String>;

/// A thing that a file names, with its line.
#[derive(Debug, Clone)]
pub(super) struct Named<T> {
    pub(super) what: T,
    pub(super) line: usize,
}

/// The kind of a top-level item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ItemKind {
    Type,
    Function,
    Other,
}

/// A top-level item.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) name: String,
    pub(super) kind: ItemKind,
    pub(super) visibility: Visibility,
    pub(super) documentation: Documentation,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Visibility {
    OfItsFile,
    OfOthers,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Documentation {
    Missing,
    Written,
}

/// A source file without its unit tests.
#[derive(Debug, Clone, Default)]
pub(super) struct Source {
    pub(super) module: FullPath,
    /// All paths that are used, except for re-exports.
    pub(super) paths: Vec<Named<FullPath>>,
    pub(super) texts: Vec<Named<String>>,
    pub(super) items: Vec<Named<Item>>,
    /// The functions that take a tuple as a pattern, or a `bool`.
    pub(super) unnamed: Vec<Named<String>>,
    /// The types that have an `impl` without a trait.
    pub(super) impls: Vec<Named<FullPath>>,
    /// The re-exported paths by name.
    pub(super) passed_on: BTreeMap<String, FullPath>,
    /// The modules that are re-exported with a glob.
    pub(super) passed_on_whole: Vec<FullPath>,
}

/// All source files below `src` by path.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) sources: BTreeMap<PathBuf, Source>,
    modules: BTreeMap<FullPath, PathBuf>,
}

/// Returns the tree of this crate.
pub(super) static CRATE: LazyLock<Tree> = LazyLock::new(|| {
    let files = sources(Path::new("src")).into_iter();
    Tree::of(files.map(|(path, text)| (path.strip_prefix("src").unwrap().to_owned(), text)))
});

impl Tree {
    /// Creates a tree from the paths of files below `src` and their texts.
    pub(super) fn of(files: impl IntoIterator<Item = (PathBuf, String)>) -> Self {
        let read = |(path, text): (PathBuf, String)| {
            let source = reader::read(module_of(&path), &text)
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            (path, source)
        };
        let sources: BTreeMap<PathBuf, Source> = files.into_iter().map(read).collect();
        let modules = sources.iter().map(|(path, source)| (source.module.clone(), path.clone())).collect();
        Self { sources, modules }
    }

    /// Creates a tree for an example.
    pub(super) fn example(files: &[(&str, &str)]) -> Self {
        Self::of(files.iter().map(|(path, text)| (PathBuf::from(path), (*text).to_owned())))
    }

    /// Returns the file that defines a path of this crate, through all re-exports.
    pub(super) fn file_of(&self, path: &[String]) -> Option<&Path> {
        self.follow(path, 0)
    }

    fn follow(&self, path: &[String], depth: usize) -> Option<&Path> {
        let (length, file) = (1..=path.len())
            .rev()
            .find_map(|length| self.modules.get_key_value(&path[..length]).map(|(_, file)| (length, file)))?;
        let Some((name, rest)) = path[length..].split_first() else { return Some(file) };
        let source = &self.sources[file];
        if depth > 8 || source.defines(name) {
            return Some(file);
        }
        if let Some(target) = source.passed_on.get(name) {
            let further: FullPath = target.iter().chain(rest).cloned().collect();
            return self.follow(&further, depth + 1).or(Some(file));
        }
        let globs = source.passed_on_whole.iter().filter_map(|module| self.modules.get(module));
        let mut defining = globs.filter(|file| self.sources[*file].defines(name));
        Some(defining.next().unwrap_or(file))
    }

    /// Returns whether a path is a module of this crate.
    pub(super) fn is_module(&self, path: &[String]) -> bool {
        self.modules.contains_key(path)
    }

    /// Returns all paths that files use, with the files.
    pub(super) fn paths(&self) -> impl Iterator<Item = (&Path, &Named<FullPath>)> {
        self.sources
            .iter()
            .flat_map(|(file, source)| source.paths.iter().map(|named| (file.as_path(), named)))
    }
}

impl Source {
    fn defines(&self, name: &str) -> bool {
        self.items.iter().any(|item| item.what.name == name)
    }
}

/// Returns the module of a file: `a/b.rs` and `a/b/mod.rs` are `crate::a::b`.
fn module_of(path: &Path) -> FullPath {
    let stem = path.with_extension("");
    let names = stem.iter().map(|name| name.to_str().unwrap().to_owned());
    let mut module: FullPath = std::iter::once("crate".to_owned()).chain(names).collect();
    if module.last().is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str())) {
        module.pop();
    }
    module
}

/// Fails with the list of everything that breaks a rule.
#[track_caller]
pub(super) fn assert_kept(broken: &[String]) {
    assert!(broken.is_empty(), "{} times:\n{}", broken.len(), broken.join("\n"));
}

/// Returns the Rust files below a folder with their texts.
pub(super) fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let rust = files(folder).into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "rs"));
    rust.map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// Returns the files below a folder in order.
pub(super) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}
