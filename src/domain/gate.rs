//! What a gate measured on a commit.

use serde::{Deserialize, Serialize};

use super::ids::{CommitSha, GateName, TreeSha};

/// What a gate says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    Pass,
    /// Red: it was measured, and it is not good enough.
    Fail,
    /// It could not be measured: not started, killed, out of time, unreadable.
    Inconclusive,
}

impl Verdict {
    /// The value used in records and outcomes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Inconclusive => "inconclusive",
        }
    }
}

/// Something that a gate found, and that has to be fixed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// The same finding has the same key in every measurement.
    pub key: String,
    pub text: String,
}

/// One measurement of one gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measurement {
    pub gate: GateName,
    /// The commit that was measured.
    pub head: CommitSha,
    /// The tree of that commit, where it was measured here; a forge's board is of the commit alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<TreeSha>,
    pub verdict: Verdict,
    /// Why, for people: the bounded tail of the output, or what went wrong.
    pub detail: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
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
        measurement.findings.push(Finding { key: "low".to_owned(), text: "a score of 3".to_owned() });
        let written = serde_json::to_string(&measurement).unwrap();
        assert_eq!(serde_json::from_str::<Measurement>(&written).unwrap(), measurement);
    }
}
