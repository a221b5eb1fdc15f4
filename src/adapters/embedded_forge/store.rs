//! Reads and writes the tables, without access to git.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Params, Row, params};

use crate::adapters::files;
use crate::domain::ids::{BranchName, CommitSha};
use crate::domain::pull_request::{Check, CheckState, PullRequestState};
use crate::ports::forge::{Comment, IssueState};

use super::forge_file::ForgeFile;
use super::rows::{NewRow, SubjectKind, SubjectRow, Writer, role, role_name};
use super::schema;

/// The name of the file in the repository's git directory.
pub const FILE: &str = "agent-loop.sqlite3";

/// The tables of one embedded forge.
#[derive(Debug)]
pub struct Store {
    connection: Mutex<Connection>,
    path: PathBuf,
    /// The number of the file in the file system.
    inode: u64,
    repository_id: String,
    read: Mutex<ReadComments>,
}

/// The comments that were read last. Those that nobody holds any more are read again.
#[derive(Debug, Default)]
struct ReadComments {
    number: u64,
    /// The version of the file, which changes when another connection writes.
    version: i64,
    comments: Vec<Weak<Comment>>,
    /// The row of the last of them.
    last: i64,
}

/// The reason of an issue that was closed without being done.
const NOT_PLANNED: &str = "not planned";

const SUBJECT: &str = "SELECT number, kind, state, title, body, author, role, head_ref, base_ref, head, merge_commit, reason FROM subjects";

impl Store {
    /// Opens the embedded forge of a repository, and creates it if it does not exist.
    pub fn open(git_directory: &Path) -> Result<Self, String> {
        let path = git_directory.join(FILE);
        let connection = schema::open(&path)?;
        let repository_id = schema::repository_id(ForgeFile(&path), &connection)?;
        let inode = inode(&path)?;
        Ok(Self { connection: Mutex::new(connection), path, inode, repository_id, read: Mutex::default() })
    }

    pub fn exists(git_directory: &Path) -> bool {
        git_directory.join(FILE).exists()
    }

    /// Removes the file if it has no issue and no pull request; nobody can add one meanwhile. Returns whether it did.
    pub fn remove_empty(self) -> bool {
        let Ok(connection) = self.connection() else { return false };
        let count = "SELECT count(*) FROM subjects";
        let is_empty = connection.execute_batch("BEGIN EXCLUSIVE").is_ok()
            && connection.query_row(count, [], |row| row.get::<_, i64>(0)).is_ok_and(|count| count == 0);
        let mut journal = self.path.clone().into_os_string();
        journal.push("-journal");
        is_empty && files::remove(&self.path).is_ok() && files::remove(Path::new(&journal)).is_ok()
    }

    /// Fails if the file was removed or replaced since it was opened.
    pub fn must_exist(&self) -> Result<(), String> {
        self.connection().map(drop)
    }

    pub fn repository_id(&self) -> &str {
        &self.repository_id
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    fn file(&self) -> ForgeFile<'_> {
        ForgeFile(&self.path)
    }

    /// Returns the connection, unless the file was removed or replaced since it was opened: then data would be lost.
    fn connection(&self) -> Result<MutexGuard<'_, Connection>, String> {
        if inode(&self.path)? != self.inode {
            return Err(format!("the embedded forge {} was replaced by another file", self.path.display()));
        }
        Ok(self.connection.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Files an issue or a pull request under the next number.
    pub fn create(&self, new: &NewRow, now: Timestamp) -> Result<u64, String> {
        let (kind, head_ref, base_ref, head) = match &new.kind {
            SubjectKind::Issue(_) => ("issue", None, None, None),
            SubjectKind::PullRequest { head_ref, base_ref, head, .. } => {
                ("pr", Some(head_ref.as_str()), Some(base_ref.as_str()), Some(head.as_str()))
            }
        };
        let number = self.insert(
            "INSERT INTO subjects (number, kind, state, title, body, author, role, created_at, head_ref, base_ref, head)
             VALUES ((SELECT coalesce(max(number), 0) + 1 FROM subjects), ?1, 'open', ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                kind,
                new.title,
                new.body,
                new.writer.login.as_str(),
                role_name(new.writer.role),
                now.to_string(),
                head_ref,
                base_ref,
                head
            ],
        )?;
        u64::try_from(number).map_err(|error| error.to_string())
    }

    /// Adds a row and returns its number. A statement with `RETURNING` would return the number before the row is on the disk.
    fn insert(&self, query: &str, values: impl Params) -> Result<i64, String> {
        let connection = self.connection()?;
        connection.execute(query, values).map_err(|error| self.file().failed(&error))?;
        Ok(connection.last_insert_rowid())
    }

    fn change(&self, query: &str, values: impl Params) -> Result<(), String> {
        self.connection()?.execute(query, values).map(drop).map_err(|error| self.file().failed(&error))
    }

    pub fn subject(&self, number: u64) -> Result<Option<SubjectRow>, String> {
        let query = format!("{SUBJECT} WHERE number = ?1");
        let row = self.connection()?.query_row(&query, [key(number)], |row| Ok(subject(self.file(), row)));
        let row = row.optional().map_err(|error| self.file().failed(&error))?;
        row.transpose()
    }

    /// Reads all issues and pull requests, in the order of their numbers.
    pub fn subjects(&self) -> Result<Vec<SubjectRow>, String> {
        let connection = self.connection()?;
        let mut statement = connection
            .prepare(&format!("{SUBJECT} ORDER BY number"))
            .map_err(|error| self.file().failed(&error))?;
        let rows = statement
            .query_map([], |row| Ok(subject(self.file(), row)))
            .map_err(|error| self.file().failed(&error))?;
        rows.map(|row| row.map_err(|error| self.file().failed(&error))?).collect()
    }

    pub fn set_state(&self, number: u64, state: &PullRequestState) -> Result<(), String> {
        let (word, commit) = match state {
            PullRequestState::Open => ("open", None),
            PullRequestState::Closed => ("closed", None),
            PullRequestState::Merged { commit } => ("merged", Some(commit.as_str())),
        };
        let query = "UPDATE subjects SET state = ?2, merge_commit = ?3 WHERE number = ?1";
        self.change(query, params![key(number), word, commit])
    }

    /// Removes an issue without comments.
    pub fn remove_issue(&self, number: u64) -> Result<(), String> {
        let query = "DELETE FROM subjects WHERE number = ?1 AND kind = 'issue'
             AND NOT EXISTS (SELECT 1 FROM comments WHERE comments.number = ?1)";
        self.change(query, params![key(number)])
    }

    pub fn set_issue_state(&self, number: u64, state: IssueState) -> Result<(), String> {
        let (word, reason) = match state {
            IssueState::Open => ("open", None),
            IssueState::Closed => ("closed", None),
            IssueState::NotPlanned => ("closed", Some(NOT_PLANNED)),
        };
        let query = "UPDATE subjects SET state = ?2, reason = ?3 WHERE number = ?1";
        self.change(query, params![key(number), word, reason])
    }

    /// Stores the head of a pull request, for the case that its branch is removed.
    pub fn set_head(&self, number: u64, head: &CommitSha) -> Result<(), String> {
        let query = "UPDATE subjects SET head = ?2 WHERE number = ?1 AND head IS NOT ?2";
        self.change(query, params![key(number), head.as_str()])
    }

    pub fn comment(&self, number: u64, writer: &Writer, body: &str, now: Timestamp) -> Result<i64, String> {
        self.insert(
            "INSERT INTO comments (number, author, role, body, created_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
            params![key(number), writer.login.as_str(), role_name(writer.role), body, now.to_string()],
        )
    }

    /// Reads the comments of an issue or a pull request, in the order in which they were written. Only new ones are read again
    /// from a file that no other connection has changed: this one never changes a comment.
    pub fn comments(&self, number: u64) -> Result<Vec<Arc<Comment>>, String> {
        let connection = self.connection()?;
        let version = connection
            .pragma_query_value(None, "data_version", |row| row.get(0))
            .map_err(|error| self.file().failed(&error))?;
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let held: Option<Vec<Arc<Comment>>> = read.comments.iter().map(Weak::upgrade).collect();
        let held = held.filter(|_| (read.number, read.version) == (number, version));
        if held.is_none() {
            *read = ReadComments { number, version, ..ReadComments::default() };
        }
        let mut comments = held.unwrap_or_default();
        let query = "SELECT id, author, role, body, created_at, updated_at FROM comments
                     WHERE number = ?1 AND id > ?2 ORDER BY id";
        let mut statement = connection.prepare_cached(query).map_err(|error| self.file().failed(&error))?;
        let rows = statement
            .query_map([key(number), read.last], |row| Ok((row.get(0)?, comment(self.file(), row))))
            .map_err(|error| self.file().failed(&error))?;
        for row in rows {
            let (last, comment) = row.map_err(|error| self.file().failed(&error))?;
            let comment = Arc::new(comment?);
            read.comments.push(Arc::downgrade(&comment));
            read.last = last;
            comments.push(comment);
        }
        Ok(comments)
    }

    pub fn set_check(&self, sha: &CommitSha, check: &Check) -> Result<(), String> {
        let query = "INSERT INTO checks (sha, name, state) VALUES (?1, ?2, ?3)
                     ON CONFLICT (sha, name) DO UPDATE SET state = excluded.state";
        self.change(query, params![sha.as_str(), check.name, check.state.name()])
    }

    pub fn checks(&self, sha: &CommitSha) -> Result<Vec<Check>, String> {
        let connection = self.connection()?;
        let mut statement = connection
            .prepare_cached("SELECT name, state FROM checks WHERE sha = ?1 ORDER BY name")
            .map_err(|error| self.file().failed(&error))?;
        let rows = statement
            .query_map([sha.as_str()], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))
            .map_err(|error| self.file().failed(&error))?;
        rows.map(|row| {
            let (name, state) = row.map_err(|error| self.file().failed(&error))?;
            // An unknown state is not a success.
            let known = CheckState::ALL.into_iter().find(|known| known.name() == state);
            let state = known.unwrap_or(CheckState::Pending);
            Ok(Check::bare(name, state))
        })
        .collect()
    }
}

fn inode(path: &Path) -> Result<u64, String> {
    let facts = std::fs::symlink_metadata(path);
    facts.map(|facts| facts.ino()).map_err(|error| format!("the embedded forge is gone: {error}"))
}

/// Converts a number for the tables. No subject has a number above the limit.
fn key(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn subject(file: ForgeFile<'_>, row: &Row<'_>) -> Result<SubjectRow, String> {
    let text = |index: usize| row.get::<_, String>(index).map_err(|error| file.failed(&error));
    let number: i64 = row.get(0).map_err(|error| file.failed(&error))?;
    let state = text(2)?;
    let kind = if text(1)? == "issue" {
        let reason: Option<String> = row.get(11).map_err(|error| file.failed(&error))?;
        SubjectKind::Issue(match (state.as_str(), reason.as_deref()) {
            ("open", _) => IssueState::Open,
            (_, Some(NOT_PLANNED)) => IssueState::NotPlanned,
            (_, _) => IssueState::Closed,
        })
    } else {
        let merge_commit: Option<String> = row.get(10).map_err(|error| file.failed(&error))?;
        let state = match (state.as_str(), merge_commit) {
            ("open", _) => PullRequestState::Open,
            ("merged", Some(commit)) => {
                PullRequestState::Merged { commit: commit.parse().map_err(|error| file.damaged(&error))? }
            }
            (_, _) => PullRequestState::Closed,
        };
        SubjectKind::PullRequest {
            state,
            head_ref: text(7)?.parse::<BranchName>().map_err(|error| file.damaged(&error))?,
            base_ref: text(8)?.parse::<BranchName>().map_err(|error| file.damaged(&error))?,
            head: text(9)?.parse::<CommitSha>().map_err(|error| file.damaged(&error))?,
        }
    };
    let writer =
        Writer { login: text(5)?.parse().map_err(|error| file.damaged(&error))?, role: role(&text(6)?) };
    let number = u64::try_from(number).map_err(|error| file.damaged(&error))?;
    Ok(SubjectRow { number, kind, title: text(3)?, body: text(4)?, writer })
}

fn comment(file: ForgeFile<'_>, row: &Row<'_>) -> Result<Comment, String> {
    let text = |index: usize| {
        let value = row.get_ref(index).map_err(|error| file.failed(&error))?;
        value.as_str().map_err(|error| file.damaged(&error))
    };
    let instant = |index: usize| text(index)?.parse::<Timestamp>().map_err(|error| file.damaged(&error));
    let number: i64 = row.get(0).map_err(|error| file.failed(&error))?;
    Ok(Comment {
        id: number.to_string(),
        author: text(1)?.parse().map_err(|error| file.damaged(&error))?,
        role: role(text(2)?),
        body: text(3)?.into(),
        created_at: instant(4)?,
        updated_at: instant(5)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::ffi;

    #[test]
    fn errors_say_what_to_type() {
        let file = ForgeFile(Path::new("/a b/forge"));
        for (code, advice) in [
            (ffi::SQLITE_FULL, "`df -h`"),
            (ffi::SQLITE_CORRUPT, "`mv '/a b/forge' '/a b/forge.damaged'`"),
            (ffi::SQLITE_NOTADB, "`mv '/a b/forge' '/a b/forge.damaged'`"),
            (ffi::SQLITE_BUSY, ""),
        ] {
            let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            let said = file.failed(&error);
            assert!(said.contains("/a b/forge") && said.contains(advice), "{said}");
            assert_eq!(said.contains('`'), !advice.is_empty(), "{said}");
        }
    }
}
