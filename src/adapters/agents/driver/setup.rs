//! The setup of a vendor's program on this machine, and checks before any turn. No model is asked.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::adapters::process::probe::Answer;
use crate::adapters::process::variables::Variables;

use super::vendor_agent::VendorAgent;

/// The maximum size of a settings file, in bytes.
const LONGEST_SETTINGS: u64 = 1 << 20;

/// The maximum length of a program's error message, in characters.
const COMPLAINT: usize = 200;

/// The setup of a vendor's program on this machine.
#[derive(Debug, Clone, Copy)]
pub struct Setup<'machine> {
    pub program: &'machine Path,
    /// The environment of its turns.
    pub environment: &'machine Variables,
    /// The agents that use the program.
    pub agents: &'machine [VendorAgent],
    /// Whether this process runs as root.
    pub is_root: bool,
}

impl Setup<'_> {
    /// Returns the value of a variable that is not empty.
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

/// Returns the text of a file if it can be a settings file.
pub fn settings_text(path: &Path) -> Option<String> {
    let facts = std::fs::metadata(path).ok()?;
    let fits = facts.is_file() && facts.len() <= LONGEST_SETTINGS;
    if fits { std::fs::read_to_string(path).ok() } else { None }
}

/// Returns the last line of a program's error message, as the end of a sentence.
pub fn complaint(answer: &Answer) -> String {
    let last = answer.stderr.lines().chain(answer.stdout.lines()).rfind(|line| !line.trim().is_empty());
    let last: String = last.unwrap_or_default().trim().chars().take(COMPLAINT).collect();
    if last.is_empty() { last } else { format!(": {last}") }
}

/// The login of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoginState {
    /// The program considers itself logged in; programs do not ask their service.
    LoggedIn {
        /// The kind of login, which determines who pays.
        with: Option<&'static str>,
    },
    LoggedOut,
    /// The login is unknown until the first turn.
    Unknown {
        /// The reason, if it is not that the program has no check.
        why: Option<&'static str>,
    },
}

/// A finding about a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetupFinding {
    /// The subject, in one word.
    pub name: &'static str,
    pub severity: Severity,
    pub seen: String,
    /// A solution, for example a command to type.
    pub fix: Option<String>,
}

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    Fine,
    /// No turn fails because of it.
    Note,
    /// A turn may fail because of it.
    Doubtful,
    /// No turn can run.
    Wrong,
}

impl SetupFinding {
    /// Creates a finding without a problem.
    pub fn fine(name: &'static str, seen: impl Into<String>) -> Self {
        Self { name, severity: Severity::Fine, seen: seen.into(), fix: None }
    }

    /// Creates a finding that causes no failure.
    pub fn note(name: &'static str, seen: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { name, severity: Severity::Note, seen: seen.into(), fix: Some(fix.into()) }
    }

    /// Creates a finding that may cause failures.
    pub fn doubtful(name: &'static str, seen: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { severity: Severity::Doubtful, ..Self::note(name, seen, fix) }
    }

    /// Creates a finding that prevents all turns.
    pub fn wrong(name: &'static str, seen: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { severity: Severity::Wrong, ..Self::note(name, seen, fix) }
    }
}
