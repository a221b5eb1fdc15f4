//! Reports the progress of a fetch, which may take minutes.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::adapters::git::waiting::WaitNotice;
use crate::adapters::process::time;

/// The time after which the progress is reported first.
const QUIET: Duration = Duration::from_secs(1);
/// The time between later reports.
const PAUSE: Duration = Duration::from_secs(15);

/// Which fetch of a repository it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Occasion {
    /// It fetches everything.
    First,
    Later,
}

/// Waits for a fetch into a repository with this folder of objects, and reports the size of the received objects.
pub(super) async fn reported<T>(
    fetch: impl Future<Output = T>,
    url: &str,
    objects: &Path,
    occasion: Occasion,
    notice: &WaitNotice,
) -> T {
    let pack = objects.join("pack");
    let before = size(&pack);
    let mut fetch = std::pin::pin!(fetch);
    let mut pause = QUIET;
    loop {
        tokio::select! {
            fetched = &mut fetch => return fetched,
            () = time::wait(pause) => {}
        }
        let megabytes = size(&pack).saturating_sub(before) / 1_000_000;
        notice.say(match occasion {
            Occasion::First => format!(
                "fetching {url} for the first time: {megabytes} MB so far; later only changes are fetched"
            ),
            Occasion::Later => format!("fetching changes from {url}: {megabytes} MB so far"),
        });
        pause = PAUSE;
    }
}

fn size(folder: &Path) -> u64 {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    files.filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum()
}
