//! A thread as a file, schema `agent-loop/thread/1`: everything that `verify` looks at, to be looked at elsewhere.

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::ids::Login;
use crate::domain::subject::Subject;
use crate::ports::forge::{AuthorRole, Comment};

/// The value of `schema` in such a file.
const SCHEMA: &str = "agent-loop/thread/1";

/// A larger file is no thread, in bytes.
const LARGEST: u64 = 256 << 20;

/// A thread with everything that it is judged by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Thread {
    /// The forge's own id of the repository.
    pub(super) repository: String,
    pub(super) subject: Subject,
    pub(super) recorders: Vec<Login>,
    pub(super) comments: Vec<Comment>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: String,
    repository: String,
    subject: Subject,
    recorders: Vec<Login>,
    comments: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    author: Login,
    body: String,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// Writes a thread.
pub(super) fn save(path: &Path, thread: &Thread) -> Result<(), String> {
    let entry = |comment: &Comment| Entry {
        id: comment.id.clone(),
        author: comment.author.clone(),
        body: comment.body.clone(),
        created_at: comment.created_at,
        updated_at: comment.updated_at,
    };
    let file = File {
        schema: SCHEMA.to_owned(),
        repository: thread.repository.clone(),
        subject: thread.subject.clone(),
        recorders: thread.recorders.clone(),
        comments: thread.comments.iter().map(entry).collect(),
    };
    let text = serde_json::to_string_pretty(&file).map_err(|error| error.to_string())?;
    fs::write(path, text).map_err(|error| format!("{} could not be written: {error}", path.display()))
}

/// Reads a thread.
pub(super) fn load(path: &Path, subject: &Subject) -> Result<Thread, String> {
    let failed = |why: String| format!("{} is no saved thread: {why}", path.display());
    let size = fs::metadata(path).map_err(|error| failed(error.to_string()))?;
    if !size.is_file() || size.len() > LARGEST {
        return Err(failed(format!("it is no file of at most {} MiB", LARGEST >> 20)));
    }
    let text = fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    let file: File = serde_json::from_str(&text).map_err(|error| failed(error.to_string()))?;
    if file.schema != SCHEMA {
        return Err(failed(format!("its schema is `{}`, and this program knows `{SCHEMA}`", file.schema)));
    }
    if file.subject != *subject {
        return Err(failed(format!("it is about {}; type `agent-loop verify {0} --dump …`", file.subject)));
    }
    let comment = |entry: Entry| Comment {
        id: entry.id,
        author: entry.author,
        // Only authors and records are judged here.
        standing: AuthorRole::Stranger,
        body: entry.body,
        created_at: entry.created_at,
        updated_at: entry.updated_at,
    };
    Ok(Thread {
        repository: file.repository,
        subject: file.subject,
        recorders: file.recorders,
        comments: file.comments.into_iter().map(comment).collect(),
    })
}
