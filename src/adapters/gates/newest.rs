//! Folders of remembered measurements, of limited size.

use std::fs;
use std::path::Path;

use crate::adapters::files;

/// Removes the oldest entries of a folder above a number. What cannot be removed now is removed later.
pub(super) fn keep_newest(folder: &Path, most: usize) {
    let mut entries: Vec<fs::DirEntry> = fs::read_dir(folder).into_iter().flatten().flatten().collect();
    let surplus = entries.len().saturating_sub(most);
    if surplus == 0 {
        return;
    }
    entries.sort_by_key(|entry| entry.metadata().and_then(|facts| facts.modified()).ok());
    for entry in entries.into_iter().take(surplus) {
        let _kept = files::remove(&entry.path());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn the_oldest_entries_are_removed() {
        let place = tempfile::tempdir().unwrap();
        for age in [3, 1, 2] {
            let file = fs::File::create(place.path().join(age.to_string())).unwrap();
            file.set_modified(UNIX_EPOCH + Duration::from_secs(100 - age)).unwrap();
        }
        keep_newest(place.path(), 2);
        let mut left: Vec<_> =
            fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["1", "2"]);
    }
}
