//! A saved thread, with the schema `agent-loop/thread/1`: everything that `verify` needs.

use std::borrow::Cow;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::cli::arguments::numbers::SubjectReference;
use crate::domain::ids::Login;
use crate::domain::subject::Subject;
use crate::ports::forge::Comment;

pub(super) const SCHEMA: &str = "agent-loop/thread/1";

/// The maximum size of a saved thread, in bytes.
const LARGEST: u64 = 256 << 20;

/// A thread with everything that `verify` needs.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SavedThread {
    pub(super) schema: Cow<'static, str>,
    /// The forge's own id of the repository.
    pub(super) repository: String,
    pub(super) subject: Subject,
    pub(super) recorders: Vec<Login>,
    pub(super) comments: Vec<Arc<Comment>>,
}

/// Writes a thread.
pub(super) fn save(path: &Path, thread: &SavedThread) -> Result<(), String> {
    let text = serde_json::to_string_pretty(thread).map_err(|error| error.to_string())?;
    fs::write(path, text).map_err(|error| format!("{} could not be written: {error}", path.display()))
}

/// Reads a thread.
pub(super) fn load(path: &Path, subject: &SubjectReference) -> Result<SavedThread, String> {
    let failed = |why: String| format!("{} is not a saved thread: {why}", path.display());
    let unreadable = |error: std::io::Error| format!("cannot read {}: {error}", path.display());
    let size = fs::metadata(path).map_err(unreadable)?;
    if !size.is_file() || size.len() > LARGEST {
        return Err(failed(format!("it is not a file of at most {} MiB", LARGEST >> 20)));
    }
    let text = fs::read_to_string(path).map_err(unreadable)?;
    let file: SavedThread = serde_json::from_str(&text).map_err(|error| failed(error.to_string()))?;
    if file.schema != SCHEMA {
        return Err(failed(format!("its schema is `{}`, and this program knows `{SCHEMA}`", file.schema)));
    }
    if !subject.is(&file.subject) {
        return Err(failed(format!("it is about {}; type `agent-loop verify {0} --dump …`", file.subject)));
    }
    Ok(file)
}
