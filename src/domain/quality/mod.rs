//! The quality of a tree according to a scorer: a score, engines and findings. Independent of any scorer and format.

pub mod change_facts;
pub mod comparison;
pub mod verdict;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::word_list::word_list;

word_list!(
    /// The severity of a finding.
    #[derive(PartialOrd, Ord)]
    Severity {
        Error = "error",
        Warning = "warning",
        Info = "info",
    }
);

/// One problem in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QualityFinding {
    pub engine: String,
    pub rule: String,
    pub severity: Severity,
    /// Relative to the root of the tree.
    pub path: String,
    /// Starts at 1; 0 is the file as a whole.
    pub line: u32,
    pub message: String,
    /// The text of the line, without surrounding space; empty for a file as a whole.
    pub code: String,
}

impl fmt::Display for QualityFinding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, rule, severity, message, .. } = self;
        match self.line {
            0 => write!(formatter, "{path} {severity} {rule}: {message}"),
            line => write!(formatter, "{path}:{line} {severity} {rule}: {message}"),
        }
    }
}

/// The score of a tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scored {
    Score(u8),
    /// The scorer knows too few of the tree's languages, or the tree is empty; the text says which.
    Unscoreable(String),
}

/// The end of an engine of the scorer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineStatus {
    Complete,
    /// The engine did not measure everything; the text is the reason.
    Incomplete(String),
}

/// The result of one engine of the scorer, for example of its linter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EngineReport {
    pub findings: u64,
    pub status: EngineStatus,
}

/// The measurement of one tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QualityReport {
    /// The name and version of the scorer.
    pub tool: String,
    /// The hash of the configuration files in force.
    pub policy: String,
    /// The hash of the programs that the scorer may call.
    pub environment: String,
    pub scored: Scored,
    pub engines: BTreeMap<String, EngineReport>,
    pub findings: Vec<QualityFinding>,
    /// The number of measured files.
    pub files: u64,
}

impl QualityReport {
    /// Returns the weight of all findings, in quarters of a warning. Unlike the score it never saturates, and does not depend
    /// on the size of the tree or the version of the scorer.
    pub fn penalty(&self) -> u64 {
        let weight = |finding: &QualityFinding| match finding.severity {
            Severity::Error => 12,
            Severity::Warning => 4,
            Severity::Info => 1,
        };
        self.findings.iter().map(weight).sum()
    }
}
