//! The tables of the embedded forge. A file of a newer program is not opened.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use crate::adapters::clock::SystemClock;
use crate::adapters::files;
use crate::ports::clock::Clock;

use super::forge_file::ForgeFile;

const VERSION: i64 = 1;

const TABLES: &str = "
CREATE TABLE meta (
    repository_id TEXT NOT NULL
) STRICT;
CREATE TABLE subjects (
    number INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('issue', 'pr')),
    state TEXT NOT NULL CHECK (state IN ('open', 'closed', 'merged')),
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    author TEXT NOT NULL,
    role TEXT NOT NULL,
    created_at TEXT NOT NULL,
    head_ref TEXT,
    base_ref TEXT,
    head TEXT,
    merge_commit TEXT,
    reason TEXT
) STRICT;
CREATE TABLE comments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    number INTEGER NOT NULL REFERENCES subjects (number),
    author TEXT NOT NULL,
    role TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX comments_by_subject ON comments (number, id);
CREATE TABLE checks (
    sha TEXT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (sha, name)
) STRICT;
";

/// The size of a page in bytes, for new files. Only one comment of 2 kB fits into a default page, and each page is read alone.
const PAGE: i64 = 8 << 10;
/// The number of pages in memory. The default of 2 MB is filled by one long thread, whose comments are in memory already.
const CACHED_PAGES: i64 = 4;

/// Opens the file, and creates its tables if they do not exist.
pub(super) fn open(path: &Path) -> Result<Connection, String> {
    let failed = |error: rusqlite::Error| ForgeFile(path).failed(&error);
    // The files are created first, so that they are private from the start, and never a pipe that SQLite would wait for.
    for suffix in ["", "-journal"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        files::append(name.as_ref()).map_err(|error| {
            format!("cannot open the embedded forge {}: {error}", Path::new(&name).display())
        })?;
    }
    let mut connection = Connection::open(path).map_err(failed)?;
    connection.busy_timeout(Duration::from_secs(10)).map_err(failed)?;
    connection.pragma_update(None, "page_size", PAGE).map_err(failed)?;
    // Without a write-ahead log no part of the file is mapped, so a truncated file is an error and not SIGBUS.
    connection.pragma_update(None, "journal_mode", "TRUNCATE").map_err(failed)?;
    connection.pragma_update(None, "foreign_keys", "ON").map_err(failed)?;
    connection.pragma_update(None, "cache_size", CACHED_PAGES).map_err(failed)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let version: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(failed)?;
    match version {
        VERSION => add_reason(&transaction).map_err(failed)?,
        0 => {
            let clock = SystemClock;
            let id = format!("local-{}{}{}", clock.unique(), clock.unique(), clock.unique());
            transaction.execute_batch(TABLES).map_err(failed)?;
            transaction.execute("INSERT INTO meta (repository_id) VALUES (?1)", [id]).map_err(failed)?;
            transaction.pragma_update(None, "user_version", VERSION).map_err(failed)?;
        }
        newer => {
            return Err(format!(
                "the embedded forge {} has version {newer}, but this program supports only version {VERSION}: use a newer \
                 agent-loop",
                path.display()
            ));
        }
    }
    transaction.commit().map_err(failed)?;
    Ok(connection)
}

/// Adds the column for the reason why an issue was closed, which the first files do not have.
fn add_reason(connection: &Connection) -> rusqlite::Result<()> {
    let query = "SELECT count(*) FROM pragma_table_info('subjects') WHERE name = 'reason'";
    let columns: i64 = connection.query_row(query, [], |row| row.get(0))?;
    if columns == 0 {
        connection.execute_batch("ALTER TABLE subjects ADD COLUMN reason TEXT")
    } else {
        Ok(())
    }
}

/// Returns the id of the repository, which never changes.
pub(super) fn repository_id(file: ForgeFile<'_>, connection: &Connection) -> Result<String, String> {
    let id = connection.query_row("SELECT repository_id FROM meta", [], |row| row.get(0)).optional();
    id.map_err(|error| file.failed(&error))?.ok_or_else(|| file.damaged(&"it has no id"))
}
