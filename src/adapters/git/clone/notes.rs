//! Notes for a person about an agent's files: short sentences with some of the paths.

/// The maximum number of paths in a note.
const NAMED: usize = 20;

/// Notes about the files of a change.
#[derive(Debug, Default)]
pub(super) struct Notes(Vec<String>);

impl Notes {
    pub(super) fn left_out(&mut self, paths: &[Vec<u8>], why: &str) {
        self.add("left out of the change", paths, why);
    }

    pub(super) fn included(&mut self, paths: &[Vec<u8>], why: &str) {
        self.add("included in the change", paths, why);
    }

    pub(super) fn kept(&mut self, paths: &[Vec<u8>], why: &str) {
        self.add("kept as before", paths, why);
    }

    pub(super) fn removed(&mut self, paths: &[Vec<u8>]) {
        self.add("removed from the clone", paths, "untracked files of a reviewer");
    }

    /// Adds a note if most files are deleted.
    pub(super) fn many_deleted(&mut self, deleted: usize, all: usize) {
        if deleted.saturating_mul(2) > all {
            self.0.push(format!("the change deletes {deleted} of {all} files"));
        }
    }

    pub(super) fn into_texts(self) -> Vec<String> {
        self.0
    }

    fn add(&mut self, what: &str, paths: &[Vec<u8>], why: &str) {
        if paths.is_empty() {
            return;
        }
        let named: Vec<String> =
            paths.iter().take(NAMED).map(|path| format!("`{}`", String::from_utf8_lossy(path))).collect();
        let more = match paths.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        self.0.push(format!("{what}: {}{more} ({why})", named.join(", ")));
    }
}
