//! Threads on disk, so that the next command reads only what is new. What is damaged is read from GitHub again.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use crate::adapters::files;
use crate::domain::digest;

use super::gh::locked;
use super::shapes::CommentJson;

/// The format of the files.
const FORMAT: u32 = 2;
/// The largest file that is read, in bytes.
const LARGEST: u64 = 256 << 20;

/// Where threads are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Keeping {
    #[default]
    Nowhere,
    /// They are only read: the command changes nothing.
    Read(PathBuf),
    Written(PathBuf),
}

/// The threads of one repository on disk.
#[derive(Debug, Default)]
pub(super) struct KeptThreads(Mutex<Keeping>);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptThread {
    format: u32,
    number: u64,
    comments: Vec<CommentJson>,
}

impl KeptThreads {
    pub(super) fn read_in(folder: PathBuf) -> Self {
        Self(Mutex::new(Keeping::Read(folder)))
    }

    /// Writes threads from now on.
    pub(super) fn keep(&self) {
        let mut keeping = locked(&self.0);
        if let Keeping::Read(folder) = &*keeping {
            *keeping = Keeping::Written(folder.clone());
        }
    }

    fn keeping(&self) -> Keeping {
        locked(&self.0).clone()
    }

    /// Returns whether an earlier run has read the thread.
    pub(super) fn knows(&self, number: u64) -> bool {
        match self.keeping() {
            Keeping::Nowhere => false,
            Keeping::Read(folder) | Keeping::Written(folder) => file(&folder, number).is_file(),
        }
    }

    /// Returns the comments of a thread, oldest first; none, if they are not there as they were written.
    pub(super) fn load(&self, number: u64) -> Option<Vec<CommentJson>> {
        let folder = match self.keeping() {
            Keeping::Nowhere => return None,
            Keeping::Read(folder) | Keeping::Written(folder) => folder,
        };
        let content = files::read_bounded(&file(&folder, number), LARGEST).ok()?;
        let content = String::from_utf8(content).ok()?;
        let (checksum, text) = content.split_once('\n')?;
        if digest::sha256(text) != checksum {
            return None;
        }
        let kept: KeptThread = serde_json::from_str(text).ok()?;
        let in_order = kept.comments.is_sorted_by(|one, next| one.id < next.id);
        (kept.format == FORMAT && kept.number == number && in_order).then_some(kept.comments)
    }

    /// Keeps a thread. Without it the next command reads more, and does the same.
    pub(super) fn save(&self, number: u64, comments: Vec<CommentJson>) {
        let Keeping::Written(folder) = self.keeping() else { return };
        let Ok(text) = serde_json::to_string(&KeptThread { format: FORMAT, number, comments }) else {
            return;
        };
        let content = format!("{}\n{text}", digest::sha256(&text));
        let written = files::make_folder(&folder)
            .and_then(|()| files::write_whole(&file(&folder, number), content.as_bytes()));
        drop(written);
    }
}

fn file(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("thread-{number}.json"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn comments() -> Vec<CommentJson> {
        let at = Timestamp::UNIX_EPOCH;
        let comment = |id| CommentJson {
            id,
            node_id: String::new(),
            user: None,
            body: None,
            created_at: at,
            updated_at: at,
        };
        vec![comment(1), comment(2)]
    }

    #[test]
    fn damaged_threads_are_discarded() {
        let folder = tempfile::tempdir().unwrap();
        let kept = KeptThreads::read_in(folder.path().join("github"));
        kept.save(7, comments());
        assert_eq!(kept.load(7), None, "a command that only looks writes nothing");
        kept.keep();
        kept.save(7, comments());
        assert_eq!(kept.load(7), Some(comments()));
        let path = file(&folder.path().join("github"), 7);
        let whole = std::fs::read_to_string(&path).unwrap();
        for damaged in [&whole[..whole.len() / 2], &whole.replace("\"id\":2", "\"id\":3"), ""] {
            std::fs::write(&path, damaged).unwrap();
            assert_eq!(kept.load(7), None, "{damaged}");
        }
        std::fs::rename(&path, file(&folder.path().join("github"), 8)).unwrap();
        assert_eq!(kept.load(8), None);
    }
}
