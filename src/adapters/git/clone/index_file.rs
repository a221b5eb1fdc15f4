//! Reads an index file of ours: its entries, with the facts about their files by which git recognises a change, and its trees.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::adapters::files::read_bounded;
use crate::adapters::git::disk::read_file;
use crate::adapters::git::mirror::objects::{Object, ObjectFormat, ObjectId, ObjectKind};
use crate::domain::ids::CommitSha;
use crate::ports::workspace::WorkspaceError;

/// The length of the facts of an entry.
const FACTS: usize = 40;
/// The bits of the flags: assumed unchanged, extended, stage. An index of ours has none of them.
const UNUSUAL: u16 = 0xf000;
/// The ids of an empty file begin with these bytes.
const EMPTY: [[u8; 4]; 2] = [[0xe6, 0x9d, 0xe2, 0x9b], [0x47, 0x3a, 0x0f, 0x4c]];

const FILE: u32 = 0o100_644;
const PROGRAM: u32 = 0o100_755;
const LINK: u32 = 0o120_000;
const SUBMODULE: u32 = 0o160_000;

/// A time in seconds and nanoseconds.
type Time = (u32, u32);

/// The entries of an index, by path.
#[derive(Debug)]
pub(super) struct IndexFile {
    pub(super) entries: Vec<IndexEntry>,
    /// The extension in which git has noted trees of folders.
    pub(super) noted: Vec<u8>,
    pub(super) format: ObjectFormat,
    /// The time at which the index was written. Files that were changed then or later may have the facts of their entries.
    written: Time,
}

/// A file in an index.
#[derive(Debug)]
pub(super) struct IndexEntry {
    pub(super) path: Vec<u8>,
    changed: Time,
    modified: Time,
    inode: u32,
    pub(super) mode: u32,
    user: u32,
    group: u32,
    size: u32,
    pub(super) content: ObjectId,
}

impl IndexFile {
    /// Reads an index; `None` if it does not exist, or has something that only git handles, such as conflicts.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, WorkspaceError> {
        let Some(bytes) = read_file(path)? else { return Ok(None) };
        let Ok(facts) = fs::symlink_metadata(path) else { return Ok(None) };
        // Only one format fits an index.
        let read = |format| Reader::new(&bytes).index(format, modified(&facts));
        Ok(ObjectFormat::ALL.into_iter().find_map(read))
    }

    /// Returns the id of the content of a file or link; `None` if the index does not have it.
    pub(super) fn content(&self, path: &[u8]) -> Option<&ObjectId> {
        let found = self.entries.binary_search_by(|entry| entry.path.as_slice().cmp(path)).ok()?;
        self.entries.get(found).filter(|entry| entry.mode != SUBMODULE).map(|entry| &entry.content)
    }

    pub(super) fn compare(&self, entry: &IndexEntry, facts: &Metadata) -> FactMatch {
        let mode = match facts.mode() & 0o170_000 {
            0o100_000 if facts.mode() & 0o100 != 0 => PROGRAM,
            0o100_000 => FILE,
            LINK => LINK,
            _ => 0,
        };
        // git writes the size 0 for a file that it did not compare.
        let has_size = entry.size == low(facts.size());
        if entry.mode != mode || !(has_size || entry.size == 0) {
            return FactMatch::Different;
        }
        let mut times =
            [entry.changed, entry.modified, (low(facts.ctime()), low(facts.ctime_nsec())), modified(facts)];
        let mut written = self.written;
        // A git without nanoseconds writes zeros.
        if entry.changed.1 == 0 && entry.modified.1 == 0 {
            times = times.map(|(seconds, _)| (seconds, 0));
            written.1 = 0;
        }
        let [changed, modified, changed_now, modified_now] = times;
        let is_same = (changed, modified) == (changed_now, modified_now)
            && modified < written
            && (entry.inode, entry.user, entry.group) == (low(facts.ino()), facts.uid(), facts.gid())
            && has_size
            && (entry.size != 0 || EMPTY.iter().any(|empty| entry.content.bytes().starts_with(empty)));
        if is_same { FactMatch::Same } else { FactMatch::Unknown }
    }
}

impl IndexEntry {
    pub(super) fn submodule(&self) -> Option<CommitSha> {
        (self.mode == SUBMODULE).then(|| self.content.to_string().parse().ok()).flatten()
    }

    /// Returns whether the content of a file or the target of a link is that of the entry, without any conversion.
    pub(super) fn has_content(&self, path: &Path) -> bool {
        let content = if self.mode == LINK {
            fs::read_link(path).map(|target| target.into_os_string().into_encoded_bytes())
        } else {
            read_bounded(path, u64::MAX)
        };
        let Ok(content) = content else { return false };
        let of = |format| Object::new(format, ObjectKind::Blob, &content).id;
        ObjectFormat::ALL
            .into_iter()
            .any(|format| format.id_bytes() == self.content.bytes().len() && of(format) == self.content)
    }
}

/// How a file compares with its entry, by the facts about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FactMatch {
    Same,
    Different,
    /// Only the content shows it.
    Unknown,
}

fn modified(facts: &Metadata) -> Time {
    (low(facts.mtime()), low(facts.mtime_nsec()))
}

/// Returns the lower 32 bits, which is what an index has.
fn low(number: impl TryInto<i128>) -> u32 {
    let number: i128 = number.try_into().unwrap_or_default();
    u32::try_from(number & 0xffff_ffff).unwrap_or_default()
}

/// Reads the fields of an index.
pub(super) struct Reader<'bytes> {
    bytes: &'bytes [u8],
    at: usize,
}

impl<'bytes> Reader<'bytes> {
    pub(super) fn new(bytes: &'bytes [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    fn index(mut self, format: ObjectFormat, written: Time) -> Option<IndexFile> {
        let id = format.id_bytes();
        if self.take(4)? != b"DIRC" {
            return None;
        }
        let version = self.number()?;
        if !(2..=4).contains(&version) {
            return None;
        }
        let mut entries: Vec<IndexEntry> = Vec::new();
        for _ in 0..self.number()? {
            let entry = self.entry(id, version, entries.last().map_or(&[], |last| &last.path))?;
            entries.push(entry);
        }
        let mut noted = Vec::new();
        // Extensions have a name and a length. The rest is a checksum.
        while self.bytes.len() - self.at > id {
            let name = self.take(4)?;
            let length = usize::try_from(self.number()?).ok()?;
            let content = self.take(length)?;
            match name {
                b"TREE" => noted = content.to_vec(),
                // Extensions in lower case change the meaning of an index.
                _ if name.first()?.is_ascii_lowercase() => return None,
                _ => {}
            }
        }
        (self.bytes.len() - self.at == id).then_some(IndexFile { entries, noted, format, written })
    }

    fn entry(&mut self, id: usize, version: u32, before: &[u8]) -> Option<IndexEntry> {
        let start = self.at;
        let mut facts = Reader::new(self.take(FACTS)?);
        let [changed, modified] = [(facts.number()?, facts.number()?), (facts.number()?, facts.number()?)];
        let [_device, inode, mode] = [facts.number()?, facts.number()?, facts.number()?];
        let [user, group, size] = [facts.number()?, facts.number()?, facts.number()?];
        let content = ObjectId::of_git(self.take(id)?);
        let flags = u16::from_be_bytes(self.take(2)?.try_into().ok()?);
        if flags & UNUSUAL != 0 || ![FILE, PROGRAM, LINK, SUBMODULE].contains(&mode) {
            return None;
        }
        let path = if version == 4 {
            let kept = before.len().checked_sub(self.variable()?)?;
            [before.get(..kept)?, self.text_until(0)?].concat()
        } else {
            let path = self.text_until(0)?.to_vec();
            // Entries are padded to a multiple of eight bytes.
            self.at = start.checked_add((self.at - start).next_multiple_of(8))?;
            path
        };
        Some(IndexEntry { path, changed, modified, inode, mode, user, group, size, content })
    }

    pub(super) fn take(&mut self, count: usize) -> Option<&'bytes [u8]> {
        let end = self.at.checked_add(count)?;
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    fn number(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_be_bytes)
    }

    /// Reads a text that ends before a byte, and skips the byte.
    pub(super) fn text_until(&mut self, end: u8) -> Option<&'bytes [u8]> {
        let length = memchr::memchr(end, self.bytes.get(self.at..)?)?;
        let text = self.take(length)?;
        self.take(1)?;
        Some(text)
    }

    /// Reads a number of variable length, as in the offsets of packs.
    fn variable(&mut self) -> Option<usize> {
        let mut byte = *self.take(1)?.first()?;
        let mut number = usize::from(byte & 0x7f);
        while byte & 0x80 != 0 {
            byte = *self.take(1)?.first()?;
            number = (number.checked_add(1)?.checked_mul(0x80)?).checked_add(usize::from(byte & 0x7f))?;
        }
        Some(number)
    }
}
