//! The scorer of a run: aislop, or any command that prints a score in our own format.

use std::ffi::OsStr;
use std::path::PathBuf;

use crate::adapters::process::search::{FoundProgram, identity, look_for};
use crate::adapters::process::variables::Variables;
use crate::domain::digest;
use crate::domain::quality::QualityReport;

use super::super::programs;
use super::policy_files::PolicyFiles;
use super::reading::{ReportFault, ScanKey};
use super::{aislop, generic};

/// What prints the score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScorerKind {
    Aislop,
    /// A command that prints the format of `schemas/score.json`.
    Generic,
}

/// A scorer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scorer {
    pub kind: ScorerKind,
    /// The program, found in configuration or PATH and never in the repository, with its arguments.
    pub program: PathBuf,
    pub arguments: Vec<String>,
}

impl Scorer {
    /// Returns the arguments of a scan of the current folder.
    pub(super) fn scan(&self) -> Vec<String> {
        let scan: &[&str] = match self.kind {
            ScorerKind::Aislop => &["scan", ".", "--json"],
            ScorerKind::Generic => &[],
        };
        self.arguments.iter().cloned().chain(scan.iter().map(|word| (*word).to_owned())).collect()
    }

    /// Reads the output of a scan. The lines of findings are not known yet.
    pub(super) fn read(&self, output: &[u8], key: &ScanKey) -> Result<QualityReport, ReportFault> {
        match self.kind {
            ScorerKind::Aislop => aislop::read(output, key),
            ScorerKind::Generic => generic::read(output, key),
        }
    }

    pub(super) fn key(&self, variables: &Variables, policy: &PolicyFiles) -> ScanKey {
        let called = programs::identities([], variables);
        let command = [identity(&self.program), self.arguments.join("\0")].join("\0");
        ScanKey {
            scorer: digest::abbreviated(format!("{:?}\0{command}", self.kind), 16),
            environment: digest::abbreviated(called.join("\n"), 16),
            policy: policy.hash.clone(),
        }
    }
}

/// Returns the program of aislop: the configured one, else the one in PATH.
pub fn aislop(configured: Option<&str>, variables: &Variables) -> Result<Scorer, String> {
    let command = configured.unwrap_or("aislop");
    let words = shlex::split(command).ok_or_else(|| format!("`{command}` has a quote that is not closed"))?;
    found(ScorerKind::Aislop, words, variables)
}

/// Returns the scorer of a command with its arguments.
pub fn generic(command: &str, variables: &Variables) -> Result<Scorer, String> {
    let words = shlex::split(command).ok_or_else(|| format!("`{command}` has a quote that is not closed"))?;
    found(ScorerKind::Generic, words, variables)
}

fn found(kind: ScorerKind, words: Vec<String>, variables: &Variables) -> Result<Scorer, String> {
    let mut words = words.into_iter();
    let name = words.next().ok_or("the command of the scorer is empty")?;
    match look_for(OsStr::new(&name), variables) {
        FoundProgram::There(program) if program.is_absolute() => {
            Ok(Scorer { kind, program, arguments: words.collect() })
        }
        FoundProgram::There(_) => Err(format!("`{name}` is a relative path; a scorer has an absolute one")),
        FoundProgram::NotExecutable(path) => Err(format!("{} is not executable", path.display())),
        FoundProgram::NoFile(path) => Err(format!("{} is no file", path.display())),
        FoundProgram::Missing => Err(format!("`{name}` is not found on PATH")),
    }
}
