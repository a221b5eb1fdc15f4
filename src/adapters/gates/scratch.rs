//! Temporary folders of the gates, on the disk of our state.

use tempfile::TempDir;

use crate::adapters::files;
use crate::adapters::storage::folders::Folders;

/// Creates an empty folder, which is removed when the result is dropped.
pub(super) fn scratch(folders: &Folders) -> Result<TempDir, String> {
    let scans = folders.root().join("scans");
    files::make_folder(&scans)?;
    tempfile::tempdir_in(&scans)
        .map_err(|error| format!("could not create a folder in {}: {error}", scans.display()))
}
