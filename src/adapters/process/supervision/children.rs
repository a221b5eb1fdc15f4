//! The table of running children: a file for each, created before the child. The next engine ends the remaining children of a
//! dead engine first, so that no second coder works beside the first.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Signal;
use serde::{Deserialize, Serialize};

use crate::adapters::files;

use super::tree::{self, Orphans, Root};

/// The longest row of a child, in bytes.
const LONGEST_ROW: u64 = 1 << 16;

#[derive(Serialize, Deserialize)]
struct Child {
    #[serde(rename = "token")]
    marker: String,
    pid: Option<u32>,
    start: Option<u64>,
    /// The engine that started the child.
    engine: Option<u32>,
    /// The stamp of that engine.
    stamp: Option<u64>,
}

/// A child's row in the table; dropping it removes the row.
#[derive(Debug)]
pub struct ChildRecord {
    path: PathBuf,
    marker: String,
}

impl ChildRecord {
    /// Adds a child before it is started.
    ///
    /// # Errors
    /// When the disk fails; then the child must not be started.
    pub fn announce(folder: &Path, marker: &str) -> Result<Self, String> {
        let row = Self { path: folder.join(marker), marker: marker.to_owned() };
        files::make_folder(folder)?;
        row.write(None)?;
        Ok(row)
    }

    pub fn started(&self, pid: u32) -> Result<(), String> {
        self.write(Some(pid))
    }

    fn write(&self, pid: Option<u32>) -> Result<(), String> {
        let start = pid.and_then(tree::start_time);
        let child = Child {
            marker: self.marker.clone(),
            pid,
            start,
            engine: Some(std::process::id()),
            stamp: tree::own_stamp(),
        };
        let text = serde_json::to_string(&child).unwrap_or_default();
        files::write_over(&self.path, text.as_bytes())
    }
}

impl Drop for ChildRecord {
    fn drop(&mut self) {
        let _: std::io::Result<()> = fs::remove_file(&self.path);
    }
}

/// The time between two attempts. In the first attempts the remaining children are only asked to end, later they are killed.
const PAUSE: Duration = Duration::from_millis(20);
const POLITE: u32 = 40;
const FIRM: u32 = 250;

/// Ends the remaining children of dead engines.
///
/// # Errors
/// When a child cannot be ended: then the subject must not be worked on.
pub fn end_leftovers(folder: &Path) -> Result<(), String> {
    end_those(&[folder.to_owned()], |_| true, Vec::new())
}

/// Ends the remaining children of one dead engine, which are in any of these tables or have its stamp.
///
/// # Errors
/// When a child cannot be ended.
pub fn end_children_of(engine: u32, stamp: Option<u64>, folders: &[PathBuf]) -> Result<(), String> {
    let unlisted = Child { marker: format!("engine-{engine}"), pid: None, start: None, engine: None, stamp };
    end_those(folders, |child| child.engine == Some(engine), vec![unlisted])
}

fn end_those(
    folders: &[PathBuf],
    which: impl Fn(&Child) -> bool,
    mut children: Vec<Child>,
) -> Result<(), String> {
    let mut rows = Vec::new();
    let entries = folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
    for path in entries.map(|entry| entry.path()) {
        let row = files::read_bounded(&path, LONGEST_ROW).ok();
        let child = row.and_then(|row| serde_json::from_slice::<Child>(&row).ok());
        // An incomplete row still has the marker: the name of the file.
        let marker = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let child = child.unwrap_or(Child { marker, pid: None, start: None, engine: None, stamp: None });
        if which(&child) {
            children.push(child);
            rows.push(path);
        }
    }
    end(&children)?;
    for row in rows {
        let _: std::io::Result<()> = fs::remove_file(row);
    }
    Ok(())
}

/// Ends children with all their processes, at the same time.
fn end(children: &[Child]) -> Result<(), String> {
    let is_same = |child: &Child, pid: u32| child.start.is_some() && tree::start_time(pid) == child.start;
    let roots = || {
        children.iter().map(|child| Root {
            pid: child.pid.filter(|pid| is_same(child, *pid)),
            marker: &child.marker,
            stamp: child.stamp.filter(|_| child.stamp != tree::own_stamp()),
            strays: Orphans::Unknown,
        })
    };
    let left = || roots().flat_map(tree::members).collect::<BTreeSet<u32>>();
    for attempt in 0..FIRM {
        let members = left();
        if members.is_empty() {
            return Ok(());
        }
        if attempt == 0 {
            tree::signal(&members, Signal::TERM);
        } else if attempt >= POLITE {
            roots().for_each(|root| drop(tree::kill(root)));
        }
        std::thread::sleep(PAUSE);
    }
    let left = left();
    if left.is_empty() {
        Ok(())
    } else {
        Err(format!("processes {left:?} of an earlier run cannot be ended; end them by hand"))
    }
}
