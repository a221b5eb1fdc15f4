//! Earlier measurements, by tree and by everything else that decides about the result. Only measurements are kept, never
//! errors; a damaged file is measured again.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::adapters::files;
use crate::domain::digest;
use crate::domain::ids::TreeSha;
use crate::domain::quality::QualityReport;

use super::super::newest::keep_newest;
use super::reading::ScanKey;

/// The most measurements that are kept.
const MOST: usize = 200;
/// The largest file that is read, in bytes.
const LARGEST: u64 = 64 << 20;

/// The measurements of one scorer under one policy and environment.
#[derive(Debug)]
pub(super) struct ScoreCache {
    folder: PathBuf,
    key: String,
}

/// A file of the cache: the report as text, and its hash.
#[derive(Debug, Serialize, Deserialize)]
struct CachedScore {
    sha256: String,
    report: String,
}

impl ScoreCache {
    pub(super) fn new(cache: &Path, key: &ScanKey) -> Self {
        let ScanKey { scorer, environment, policy } = key;
        // The number changes with the form of a report.
        Self { folder: cache.to_owned(), key: format!("1-{scorer}-{environment}-{policy}") }
    }

    fn path(&self, tree: &TreeSha) -> PathBuf {
        self.folder.join(format!("{}-{tree}.json", self.key))
    }

    /// Returns the measurement of a tree, if it is known.
    pub(super) fn read(&self, tree: &TreeSha) -> Option<QualityReport> {
        let content = files::read_bounded(&self.path(tree), LARGEST).ok()?;
        let kept: CachedScore = serde_json::from_slice(&content).ok()?;
        let is_whole = digest::sha256(&kept.report) == kept.sha256;
        serde_json::from_str(&kept.report).ok().filter(|_| is_whole)
    }

    /// Keeps the measurement of a tree. Without it the tree is only measured once more.
    pub(super) fn write(&self, tree: &TreeSha, report: &QualityReport) {
        let written = serde_json::to_string(report).map_err(|error| error.to_string()).and_then(|report| {
            let kept = CachedScore { sha256: digest::sha256(&report), report };
            let content = serde_json::to_vec(&kept).map_err(|error| error.to_string())?;
            files::make_folder(&self.folder)?;
            files::write_whole(&self.path(tree), &content)
        });
        match written {
            Ok(()) => keep_newest(&self.folder, MOST),
            Err(why) => tracing::warn!(%why, "did not keep a measurement"),
        }
    }
}
