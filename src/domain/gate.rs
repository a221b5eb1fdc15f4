//! Measurements of gates on commits.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::correction::Correction;
use super::ids::{CommitSha, GateName, TreeSha};
use super::word_list::word_list;

word_list!(
    /// The result of a gate.
    Verdict {
        Pass = "pass",
        /// The measurement succeeded, and its result is not good enough.
        Fail = "fail",
        /// The measurement did not succeed: not started, killed, timed out or unreadable.
        Inconclusive = "inconclusive",
    }
);

/// What follows when the test command fails, and passes when run again on the same files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FlakyTests {
    /// The gate fails.
    #[default]
    Fail,
    /// The gate passes, and its detail says that the tests are flaky.
    Allow,
}

word_list!(
    /// The consequence of a finding.
    #[derive(Default)]
    FindingLevel {
        /// It must be fixed.
        #[default]
        Block = "block",
        /// Reviewers judge it.
        Report = "report",
    }
);

/// A problem that a gate found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// The same finding has the same key in every measurement.
    pub key: String,
    pub text: String,
    #[serde(default, skip_serializing_if = "Finding::is_usual")]
    pub level: FindingLevel,
}

impl Finding {
    /// Creates a finding that must be fixed.
    pub fn blocking(key: String, text: String) -> Self {
        Self { key, text, level: FindingLevel::Block }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
    fn is_usual(level: &FindingLevel) -> bool {
        *level == FindingLevel::Block
    }
}

/// One measurement of one gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measurement {
    pub gate: GateName,
    pub head: CommitSha,
    /// The tree of the commit, for gates that ran on this machine; the forge reports checks by commit only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<TreeSha>,
    pub verdict: Verdict,
    /// The reason for people: the last lines of the output, or the error.
    pub detail: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// What to change if the measurement did not succeed. It is for this machine: no record has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<Correction>,
    /// The verdict of a second measurement, which follows a failed one. It is for this machine: no record has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repetition: Option<Verdict>,
}

impl Measurement {
    /// Returns the measurement for a record, without the members that only this machine uses.
    #[must_use]
    pub fn published(self) -> Self {
        Self { remedy: None, repetition: None, ..self }
    }

    /// Returns the facts that reviewers judge.
    pub fn reports(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.level == FindingLevel::Report)
    }

    /// Returns the problems that must be fixed.
    pub fn blocks(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.level == FindingLevel::Block)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_absent_when_empty() {
        let text =
            format!(r#"{{"gate":"tests","head":"{}","verdict":"fail","detail":"red"}}"#, "a".repeat(40));
        let mut measurement: Measurement = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&measurement).unwrap(), text);
        measurement.findings.push(Finding::blocking("low".to_owned(), "a score of 3".to_owned()));
        let written = serde_json::to_string(&measurement).unwrap();
        assert_eq!(serde_json::from_str::<Measurement>(&written).unwrap(), measurement);
    }
}
