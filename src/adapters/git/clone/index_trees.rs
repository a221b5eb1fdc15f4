//! Computes the trees of an index: git has noted those of folders without changes, and the others follow from the entries.

use std::collections::HashMap;
use std::io::Write;

use crate::adapters::git::mirror::objects::{Object, ObjectFormat, ObjectId, ObjectKind};

use super::index_file::{IndexEntry, IndexFile, Reader};

/// The trees of an index.
#[derive(Debug)]
pub(crate) struct IndexTrees {
    pub(crate) root: ObjectId,
    /// The trees that git has not noted, each after those inside it.
    pub(crate) made: Vec<Object>,
}

/// What the trees of an index follow from.
struct TreeSource {
    format: ObjectFormat,
    /// The trees that git has noted, by folder: empty for the root, else with a slash at the end.
    noted: HashMap<Vec<u8>, ObjectId>,
}

impl IndexTrees {
    pub(super) fn of(index: &IndexFile) -> Self {
        let noted = noted(&index.noted, index.format).unwrap_or_default();
        let mut made = Vec::new();
        let root = TreeSource { format: index.format, noted }.tree(&index.entries, b"", &mut made);
        Self { root, made }
    }
}

/// Reads git's extension `TREE`: for each folder its name, the count of its entries (negative if the tree is unknown), the count
/// of its folders, and the id. The folders inside follow.
fn noted(content: &[u8], format: ObjectFormat) -> Option<HashMap<Vec<u8>, ObjectId>> {
    let mut reader = Reader::new(content);
    let mut noted = HashMap::new();
    let mut open: Vec<(Vec<u8>, usize)> = Vec::new();
    while !reader.is_at_end() {
        let name = reader.text_until(0)?;
        let path = match open.last_mut() {
            Some((parent, left)) => {
                *left = left.checked_sub(1)?;
                [parent, name, b"/"].concat()
            }
            None => Vec::new(),
        };
        let is_known = !reader.text_until(b' ')?.starts_with(b"-");
        let folders = std::str::from_utf8(reader.text_until(b'\n')?).ok()?.parse().ok()?;
        if is_known {
            noted.insert(path.clone(), ObjectId::of_git(reader.take(format.id_bytes())?));
        }
        open.push((path, folders));
        while open.last().is_some_and(|(_, left)| *left == 0) {
            open.pop();
        }
    }
    open.is_empty().then_some(noted)
}

impl TreeSource {
    /// Returns the tree of the sorted entries below a folder, after those that git has not noted were added to `made`.
    fn tree(&self, entries: &[IndexEntry], folder: &[u8], made: &mut Vec<Object>) -> ObjectId {
        if let Some(noted) = self.noted.get(folder) {
            return noted.clone();
        }
        let mut content = Vec::new();
        let mut rest = entries;
        while let Some((first, others)) = rest.split_first() {
            let below = first.path.get(folder.len()..).unwrap_or_default();
            let (kind, name, id);
            if let Some(slash) = memchr::memchr(b'/', below) {
                let inner = first.path.get(..=folder.len().saturating_add(slash)).unwrap_or_default();
                let (inside, after) =
                    rest.split_at(rest.partition_point(|entry| entry.path.starts_with(inner)));
                (kind, name) = (0o40_000, below.get(..slash).unwrap_or_default());
                id = self.tree(inside, inner, made);
                rest = after;
            } else {
                (kind, name, id) = (first.mode, below, first.content.clone());
                rest = others;
            }
            // Writing to memory does not fail.
            let _ = write!(content, "{kind:o} ");
            content.extend([name, b"\0", id.bytes()].concat());
        }
        let tree = Object::new(self.format, ObjectKind::Tree, &content);
        let id = tree.id.clone();
        made.push(tree);
        id
    }
}
