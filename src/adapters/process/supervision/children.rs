//! The table of running children: a file for each, created before the child. The next engine ends the remaining children of a
//! dead engine first, so that no second coder works beside the first.

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
    #[serde(default)]
    engine: Option<u32>,
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
        let child = Child { marker: self.marker.clone(), pid, start, engine: Some(std::process::id()) };
        let text = serde_json::to_string(&child).unwrap_or_default();
        files::write_over(&self.path, text.as_bytes())
    }
}

impl Drop for ChildRecord {
    fn drop(&mut self) {
        let _: std::io::Result<()> = fs::remove_file(&self.path);
    }
}

/// The number of attempts, 20 ms apart: in the first ones a remaining child is only asked to end, later it is killed.
const POLITE: u32 = 50;
const FIRM: u32 = 250;

/// Ends the remaining children of a dead engine.
///
/// # Errors
/// When a child cannot be ended: then the subject must not be worked on.
pub fn end_leftovers(folder: &Path) -> Result<(), String> {
    end_those(folder, |_| true)
}

/// Ends the remaining children of one dead engine.
///
/// # Errors
/// When a child cannot be ended.
pub fn end_children_of(engine: u32, folder: &Path) -> Result<(), String> {
    end_those(folder, |child| child.engine == Some(engine))
}

fn end_those(folder: &Path, which: impl Fn(&Child) -> bool) -> Result<(), String> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(());
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        let row = files::read_bounded(&path, LONGEST_ROW).ok();
        let child = row.and_then(|row| serde_json::from_slice::<Child>(&row).ok());
        // An incomplete row still has the marker: the name of the file.
        let marker = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let child = child.unwrap_or(Child { marker, pid: None, start: None, engine: None });
        if which(&child) {
            end(&child)?;
            let _: std::io::Result<()> = fs::remove_file(&path);
        }
    }
    Ok(())
}

fn end(child: &Child) -> Result<(), String> {
    let same = |pid: &u32| child.start.is_some() && tree::start_time(*pid) == child.start;
    let root = Root { pid: child.pid.filter(same), marker: &child.marker, strays: Orphans::Unknown };
    for attempt in 0..FIRM {
        let members = tree::members(root);
        if members.is_empty() {
            return Ok(());
        }
        if attempt == 0 {
            tree::signal(&members, Signal::TERM);
        } else if attempt >= POLITE {
            tree::kill(root);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let left = tree::members(root);
    if left.is_empty() {
        Ok(())
    } else {
        Err(format!("processes {left:?} of an earlier run can't be ended; end them by hand"))
    }
}
