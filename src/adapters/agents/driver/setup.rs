//! A vendor's program as it is set up on this machine, and what is found about it before any turn. No model is asked.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::adapters::process::probe::Answer;
use crate::adapters::process::variables::Variables;

use super::vendor_agent::VendorAgent;

/// The longest file that is read as settings, in bytes.
const LONGEST_SETTINGS: u64 = 1 << 20;

/// How much of a program's complaint is repeated, in characters.
const COMPLAINT: usize = 200;

/// A vendor's program as it is set up on this machine.
#[derive(Debug, Clone, Copy)]
pub struct Setup<'machine> {
    /// The path of the program.
    pub program: &'machine Path,
    /// The environment of its turns.
    pub environment: &'machine Variables,
    /// The agents that the program is behind.
    pub agents: &'machine [VendorAgent],
    /// Whether we are root.
    pub is_root: bool,
}

impl Setup<'_> {
    /// Returns the value of a variable that is set to something.
    pub fn variable(&self, name: &str) -> Option<&OsStr> {
        self.environment.get(OsStr::new(name)).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    /// Returns a path in the user's home folder.
    pub fn in_home(&self, path: &str) -> Option<PathBuf> {
        Some(Path::new(self.variable("HOME")?).join(path))
    }
}

/// Returns a path without links, or the same path if it does not exist.
pub fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// Returns the text of a file if it is one that can hold settings.
pub fn settings_text(path: &Path) -> Option<String> {
    let facts = std::fs::metadata(path).ok()?;
    let fits = facts.is_file() && facts.len() <= LONGEST_SETTINGS;
    if fits { std::fs::read_to_string(path).ok() } else { None }
}

/// Returns the last line of a program's complaint, to be appended to a sentence.
pub fn complaint(answer: &Answer) -> String {
    let last = answer.stderr.lines().chain(answer.stdout.lines()).rfind(|line| !line.trim().is_empty());
    let last: String = last.unwrap_or_default().trim().chars().take(COMPLAINT).collect();
    if last.is_empty() { last } else { format!(": {last}") }
}

/// The login of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginState {
    /// It is logged in, as far as it knows itself: no program asks its service.
    LoggedIn {
        /// The kind of login, which tells who pays.
        with: Option<&'static str>,
    },
    LoggedOut,
    /// The first turn will tell.
    Unknown {
        /// Why that is so, if not because the program does not tell.
        why: Option<&'static str>,
    },
}

/// A fact about a program that is worth telling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetupFinding {
    /// The subject, in one word.
    pub name: &'static str,
    pub severity: Severity,
    pub seen: String,
    /// A command to type, or what to do.
    pub fix: Option<String>,
}

/// How much a fact matters to turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    Fine,
    /// No turn fails because of it.
    Note,
    /// A turn may fail because of it.
    Doubtful,
    /// No turn can be taken.
    Wrong,
}

impl SetupFinding {
    /// Returns the finding that all is well.
    pub fn fine(name: &'static str, seen: impl Into<String>) -> Self {
        Self { name, severity: Severity::Fine, seen: seen.into(), fix: None }
    }

    /// Returns a finding that no turn fails because of.
    pub fn note(name: &'static str, seen: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { name, severity: Severity::Note, seen: seen.into(), fix: Some(fix.into()) }
    }

    /// Returns a finding that a turn may fail because of.
    pub fn doubtful(name: &'static str, seen: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { severity: Severity::Doubtful, ..Self::note(name, seen, fix) }
    }

    /// Returns a finding that keeps all turns from being taken.
    pub fn wrong(name: &'static str, seen: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { severity: Severity::Wrong, ..Self::note(name, seen, fix) }
    }
}
