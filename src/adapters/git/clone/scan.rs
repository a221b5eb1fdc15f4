//! Compares the files of a clone with an index of ours, by the facts that the index has about them. It reads every folder that
//! has such files once, in parallel if there are many, and starts no git. Of submodules only HEAD is compared.

use std::collections::HashMap;
use std::fs::{self, Permissions, ReadDir};
use std::io;
use std::ops::Range;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::adapters::git::checkout_paths::CheckoutPaths;
use crate::adapters::git::disk::failed;
use crate::adapters::git::runner::os;
use crate::ports::workspace::WorkspaceError;

use super::agent_head;
use super::index_file::{FactMatch, IndexEntry, IndexFile};
use super::settled::{MANY_TOUCHED, NextLook};

/// The number of folders from which they are read in parallel.
const MANY: usize = 64;
/// The number of files from which a scan has its own thread.
const MANY_FILES: usize = 5000;
/// The maximum number of threads.
const THREADS: usize = 8;

/// The differences between a clone and an index.
#[derive(Debug, Default)]
pub(super) struct CloneScan {
    /// Paths in the index whose files differ or are missing.
    pub(super) changed: Vec<Vec<u8>>,
    /// The number of files that only their content shows to be unchanged.
    pub(super) touched: usize,
    /// The number of submodules that are checked out.
    pub(super) submodules: usize,
    /// Files and links that are not in the index, and folders without any file of the index, with a slash at the end. They
    /// are not read further.
    pub(super) others: Vec<Vec<u8>>,
    /// Pipes, sockets and devices, which were removed.
    pub(super) removed: Vec<Vec<u8>>,
}

/// A folder with files of the index.
#[derive(Debug)]
struct IndexedFolder {
    /// Its path with a slash at the end; empty for the root.
    path: Vec<u8>,
    entries: Range<usize>,
}

/// What the index has under a name in a folder.
enum Expected {
    File(usize),
    Folder(Range<usize>),
}

#[derive(Debug, Default)]
struct FolderScan {
    scan: CloneScan,
    folders: Vec<IndexedFolder>,
}

impl CloneScan {
    /// Returns whether the files must be compared again before the next turn, once index and files are the same.
    pub(super) fn next_look(&self) -> NextLook {
        if self.touched <= MANY_TOUCHED && self.submodules == 0 {
            NextLook::Unneeded
        } else {
            NextLook::Needed
        }
    }

    /// Scans the files of a clone, from which an agent may have removed permissions.
    pub(super) async fn readable(tree: &Path, index: IndexFile) -> Result<Self, WorkspaceError> {
        let (folder, has_many) = (tree.to_owned(), index.entries.len() >= MANY_FILES);
        let scan = move || Self::of(&folder, &index);
        // Other turns go on while many files are read.
        let scanned = if has_many {
            tokio::task::spawn_blocking(scan).await.unwrap_or_else(|cause| Err(io::Error::other(cause)))
        } else {
            scan()
        };
        scanned.map_err(|cause| failed("read", tree, &cause))
    }

    /// Scans the files of a clone, and removes those that are neither a file nor a folder nor a link.
    ///
    /// # Errors
    /// When a folder cannot be read.
    fn of(tree: &Path, index: &IndexFile) -> io::Result<Self> {
        let mut scan = Self::default();
        let mut folders = vec![IndexedFolder { path: Vec::new(), entries: 0..index.entries.len() }];
        while !folders.is_empty() {
            let found = read_all(tree, index, &folders)?;
            folders.clear();
            for content in found {
                scan.changed.extend(content.scan.changed);
                scan.touched = scan.touched.saturating_add(content.scan.touched);
                scan.submodules = scan.submodules.saturating_add(content.scan.submodules);
                scan.others.extend(content.scan.others);
                scan.removed.extend(content.scan.removed);
                folders.extend(content.folders);
            }
        }
        Ok(scan)
    }
}

fn read_all(tree: &Path, index: &IndexFile, folders: &[IndexedFolder]) -> io::Result<Vec<FolderScan>> {
    let read = |folders: &[IndexedFolder]| folders.iter().map(|folder| folder.read(tree, index)).collect();
    if folders.len() < MANY {
        return read(folders);
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(THREADS);
    let parts = folders.chunks(folders.len().div_ceil(threads));
    let parts: Vec<io::Result<Vec<FolderScan>>> = std::thread::scope(|scope| {
        let started: Vec<_> = parts.map(|part| scope.spawn(move || read(part))).collect();
        let failed = |_| Err(io::Error::other("a thread failed"));
        started.into_iter().map(|thread| thread.join().unwrap_or_else(failed)).collect()
    });
    Ok(parts.into_iter().collect::<io::Result<Vec<_>>>()?.into_iter().flatten().collect())
}

impl IndexedFolder {
    fn read(&self, tree: &Path, index: &IndexFile) -> io::Result<FolderScan> {
        let mut expected = self.expected(index);
        let mut content = FolderScan::default();
        for entry in list(&tree.join(os(&self.path)))? {
            let entry = entry?;
            let (name, kind) = (entry.file_name(), entry.file_type()?);
            let name = name.as_encoded_bytes();
            if name == b".git" {
                continue;
            }
            if !kind.is_dir() && !kind.is_file() && !kind.is_symlink() {
                fs::remove_file(entry.path())?;
                content.scan.removed.push([&self.path, name].concat());
                continue;
            }
            match expected.remove(name) {
                Some(Expected::File(place)) if !kind.is_dir() => {
                    let facts = entry.metadata();
                    let known = index.entries.get(place).zip(facts.ok());
                    match known.as_ref().map(|(known, facts)| (known, index.compare(known, facts))) {
                        Some((_, FactMatch::Same)) => {}
                        Some((known, FactMatch::Unknown)) if known.has_content(&entry.path()) => {
                            content.scan.touched = content.scan.touched.saturating_add(1);
                        }
                        // A file may disappear while the folder is read.
                        Some((_, FactMatch::Unknown | FactMatch::Different)) | None => {
                            content.change(index, place..place.saturating_add(1));
                        }
                    }
                }
                Some(Expected::File(place)) if index.entries.get(place).is_some_and(is_submodule) => {
                    let is_checked_out = fs::symlink_metadata(entry.path().join(".git")).is_ok();
                    let checked_out = usize::from(is_checked_out);
                    content.scan.submodules = content.scan.submodules.saturating_add(checked_out);
                    if is_checked_out && !is_unmoved(&entry.path(), index.entries.get(place)) {
                        content.change(index, place..place.saturating_add(1));
                    }
                }
                Some(Expected::Folder(entries)) if kind.is_dir() => {
                    content.folders.push(Self { path: [&self.path, name, b"/"].concat(), entries });
                }
                replaced => {
                    let slash: &[u8] = if kind.is_dir() { b"/" } else { b"" };
                    content.scan.others.push([&self.path, name, slash].concat());
                    content.miss(index, replaced);
                }
            }
        }
        for (_, missing) in expected {
            content.miss(index, Some(missing));
        }
        Ok(content)
    }

    /// Returns the names that the index has in this folder.
    fn expected<'index>(&self, index: &'index IndexFile) -> HashMap<&'index [u8], Expected> {
        let mut names = HashMap::new();
        let mut rest = self.entries.clone();
        let below = |place: usize| index.entries.get(place)?.path.get(self.path.len()..);
        while let Some(path) = rest.clone().next().and_then(below) {
            let Some(slash) = memchr::memchr(b'/', path) else {
                names.insert(path, Expected::File(rest.start));
                rest.start = rest.start.saturating_add(1);
                continue;
            };
            let (name, folder) =
                (path.get(..slash).unwrap_or_default(), path.get(..=slash).unwrap_or_default());
            let entries = index.entries.get(rest.clone()).unwrap_or_default();
            let is_inside = |entry: &IndexEntry| {
                entry.path.get(self.path.len()..).is_some_and(|path| path.starts_with(folder))
            };
            let end = rest.start.saturating_add(entries.partition_point(is_inside));
            names.insert(name, Expected::Folder(rest.start..end));
            rest.start = end;
        }
        names
    }
}

impl FolderScan {
    fn miss(&mut self, index: &IndexFile, expected: Option<Expected>) {
        match expected {
            Some(Expected::File(place)) => self.change(index, place..place.saturating_add(1)),
            Some(Expected::Folder(entries)) => self.change(index, entries),
            None => {}
        }
    }

    fn change(&mut self, index: &IndexFile, entries: Range<usize>) {
        let entries = index.entries.get(entries).unwrap_or_default();
        self.scan.changed.extend(entries.iter().map(|entry| entry.path.clone()));
    }
}

fn is_submodule(entry: &IndexEntry) -> bool {
    entry.submodule().is_some()
}

/// Returns whether a submodule that is checked out is at the commit of its entry.
fn is_unmoved(folder: &Path, entry: Option<&IndexEntry>) -> bool {
    let head = CheckoutPaths::find(folder).and_then(|paths| agent_head::head(&paths.git, &paths.common));
    head.is_some() && head == entry.and_then(IndexEntry::submodule)
}

/// Lists a folder. A permission that an agent took from it is given back: its files are part of the work.
fn list(folder: &Path) -> io::Result<ReadDir> {
    fs::read_dir(folder).or_else(|error| {
        let facts = fs::symlink_metadata(folder)?;
        if error.kind() != io::ErrorKind::PermissionDenied || !facts.is_dir() {
            return Err(error);
        }
        fs::set_permissions(folder, Permissions::from_mode(facts.permissions().mode() | 0o700))?;
        fs::read_dir(folder)
    })
}

/// Returns the files and links below a folder without files of the index, and the nested repositories, with a slash at the
/// end. Pipes, sockets and devices are removed, and added to a list.
pub(super) fn expand(tree: &Path, folder: &[u8], removed: &mut Vec<Vec<u8>>) -> io::Result<Vec<Vec<u8>>> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_vec()]);
    while let Some(folder) = folders.pop() {
        let path = tree.join(os(&folder));
        if fs::symlink_metadata(path.join(".git")).is_ok() {
            found.push(folder);
            continue;
        }
        for entry in list(&path)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            let name = [&folder, entry.file_name().as_encoded_bytes()].concat();
            if kind.is_dir() {
                folders.push([&name, &b"/"[..]].concat());
            } else if kind.is_file() || kind.is_symlink() {
                found.push(name);
            } else {
                fs::remove_file(entry.path())?;
                removed.push(name);
            }
        }
    }
    Ok(found)
}
